//! Deciding which rules a token meets allocates no memory, whatever the rules demand.

use authorizer::access::CallerClaims;
use authorizer::clock::Clock;
use serde_json::{Value, json};

use super::support::{ISSUER, World, token_with};
use super::wait;

/// The number of allocations in one decision about a new token, with two rules that have these demands.
fn allocations(demands: &Value, is_met: bool) -> u64 {
    let rule = |path: &str| {
        let mut rule = json!({"methods": ["GET"], "path": path});
        let members = rule.as_object_mut().unwrap();
        members.extend(demands.as_object().unwrap().clone());
        rule
    };
    let rules = json!([rule("/a"), rule("/b")]).to_string();
    let world = World::new(&[("ACCESS_RULES", &rules)]);
    let claims = wait(world.verify(&token_with(&json!({
        "dept": ["sales", "eng-7"], "level": 2.0, "verified": true, "address": {"country": "NL"}, "acr": "phr",
    }))));
    let now = world.clock.now();
    let mut decision = None;
    let counted = allocation_counter::measure(|| {
        decision = Some(world.rules().decide(CallerClaims::SignedIn(&claims), now));
    });
    assert_eq!(decision.unwrap().is_ok(), is_met, "{demands}");
    counted.count_total
}

#[test]
fn demands_allocate_nothing() {
    let like = json!([{"like": "x*y"}, {"like": "*-?"}]);
    let met = [
        json!({"scopes": ["state:write", "openid"]}),
        json!({"groups": ["Admins", "Everyone"]}),
        json!({"issuers": [ISSUER]}),
        json!({"clients": ["cli", "web"]}),
        json!({"acr": ["urn:okta:loa:2fa:any", "phr"]}),
        json!({"maxAgeSeconds": 300}),
        json!({"claims": {"dept": like, "level": [1, 2], "verified": [true]}}),
        json!({"claims": {"/address/country": ["DE", "NL"]}}),
        json!({"notClaims": {"dept": ["ext", {"like": "*ternal"}], "missing": ["x"]}}),
    ];
    let unmet = [
        json!({"scopes": ["state:write", "state:delete"]}),
        json!({"groups": ["Admins"]}),
        json!({"clients": ["cli"]}),
        json!({"acr": ["phrh"]}),
        json!({"maxAgeSeconds": 1, "claims": {"level": [3]}}),
        json!({"claims": {"dept": ["marketing", {"like": "ops-*"}]}}),
        json!({"claims": {"missing": ["x"]}}),
        json!({"notClaims": {"dept": [{"like": "eng-*"}]}}),
    ];
    let no_demand = allocations(&json!({}), true);
    assert!(no_demand > 0, "nothing is counted");
    for demands in &met {
        assert_eq!(allocations(demands, true), no_demand, "{demands}");
    }
    for demands in &unmet {
        // Without the list of the rules that are met.
        assert_eq!(allocations(demands, false), no_demand - 1, "{demands}");
    }
    let all = met.iter().flat_map(|demands| demands.as_object().unwrap());
    let all = all.map(|(name, value)| (name.clone(), value.clone()));
    assert_eq!(allocations(&all.collect(), true), no_demand);
}
