//! Pages of the resources that a caller may see.

use serde_json::json;

use crate::support::{Api, Ask, ask};

/// The ids of all pages, which are found by their cursors. The links must have the same cursors.
async fn all(api: &Api, request: impl Fn() -> Ask, query: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut path = format!("/state?{query}");
    loop {
        let reply = api.send(request().to(&path)).await.expect(200);
        pages.push(reply.ids().into_iter().map(str::to_owned).collect());
        let Some(cursor) = reply.body["nextCursor"].as_str() else {
            assert!(!reply.headers.contains_key("link"));
            return pages;
        };
        let link = reply.headers["link"]
            .strip_prefix("<https://api.example.com/prod")
            .unwrap()
            .strip_suffix(">; rel=\"next\"")
            .unwrap();
        assert!(link.contains(&format!("cursor={cursor}")), "{link}");
        path = link.to_owned();
        assert!(pages.len() < 100, "the pages do not end");
    }
}

#[tokio::test]
async fn every_visible_resource_is_listed_once_in_order() {
    let api = Api::start().await;
    for n in 0..30 {
        let visibility = ["private", "public", "group:Team", "group:Other"][n % 4];
        let owner = ["alice", "bob"][n / 2 % 2];
        api.put(
            owner,
            &format!("r{n:02}"),
            &json!({"value": n, "visibility": visibility}),
        )
        .await;
    }
    let visible = |principal: &str, team: bool| -> Vec<String> {
        (0..30)
            .filter(|n| {
                n % 4 == 1 || ["alice", "bob"][n / 2 % 2] == principal || (team && n % 4 == 2)
            })
            .map(|n| format!("r{n:02}"))
            .collect()
    };
    for limit in [1, 2, 7, 25, 100] {
        let query = format!("limit={limit}");
        let check = async |request: Ask, expected: Vec<String>| {
            let pages = all(&api, || request.clone(), &query).await;
            assert_eq!(pages.concat(), expected, "{limit}");
            assert!(
                pages.iter().rev().skip(1).all(|page| page.len() == limit),
                "{limit}: {pages:?}"
            );
            assert_eq!(pages.len(), expected.len().div_ceil(limit).max(1));
        };
        check(ask("GET", ""), visible("anonymous", false)).await;
        check(ask("GET", "").by("carol"), visible("carol", false)).await;
        check(ask("GET", "").by("alice"), visible("alice", false)).await;
        check(
            ask("GET", "").of("bob", &["Team", "Team", "Unheard-of"]),
            visible("bob", true),
        )
        .await;
    }
}

#[tokio::test]
async fn a_list_is_limited_to_one_owner() {
    let api = Api::start().await;
    for (owner, id) in [("alice", "a"), ("alice", "b"), ("bob", "c")] {
        api.put(owner, id, &json!({"value": 1, "visibility": "private"}))
            .await;
    }
    api.put("bob", "d", &json!({"value": 1, "visibility": "public"}))
        .await;
    let list = async |request: Ask| api.send(request).await.expect(200).ids().join(" ");
    assert_eq!(list(ask("GET", "/state?owner=me").by("alice")).await, "a b");
    assert_eq!(
        list(ask("GET", "/state?owner=alice").by("alice")).await,
        "a b"
    );
    assert_eq!(list(ask("GET", "/state?owner=me").by("carol")).await, "");
    assert_eq!(
        list(ask("GET", "/state?owner=bob").of("ada", &["Admins"])).await,
        "c d"
    );
    assert_eq!(
        list(ask("GET", "/state?owner=me").of("ada", &["Admins"])).await,
        ""
    );
    assert_eq!(list(ask("GET", "/state").of("ada", &["Admins"])).await, "d");
    for owner in ["bob", "nora"] {
        api.send(ask("GET", &format!("/state?owner={owner}")).by("alice"))
            .await
            .expect(403);
        api.send(ask("GET", &format!("/state?owner={owner}")))
            .await
            .expect(401);
    }
    api.send(ask("GET", "/state?owner=me")).await.expect(401);
    for owner in ["", &"x".repeat(2049)] {
        for request in [
            ask("GET", ""),
            ask("GET", "").by("alice"),
            ask("GET", "").of("ada", &["Admins"]),
        ] {
            let reply = api.send(request.to(&format!("/state?owner={owner}"))).await;
            assert_eq!(reply.expect(400).pointers(), ["#/owner"]);
        }
    }
    let pages = all(
        &api,
        || ask("GET", "").of("ada", &["Admins"]),
        "owner=bob&limit=1",
    )
    .await;
    assert_eq!(pages, [["c"], ["d"]]);
}

#[tokio::test]
async fn a_cursor_grants_no_access() {
    let api = Api::start().await;
    for id in ["a", "b", "c", "d"] {
        api.put(
            "alice",
            id,
            &json!({"value": 1, "visibility": if id == "c" { "public" } else { "private" }}),
        )
        .await;
    }
    let page = api.send(ask("GET", "/state?limit=1").by("alice")).await;
    let path = format!(
        "/state?limit=100&cursor={}",
        page.body["nextCursor"].as_str().unwrap()
    );
    assert_eq!(
        api.send(ask("GET", &path).by("alice")).await.ids(),
        ["b", "c", "d"]
    );
    assert_eq!(api.send(ask("GET", &path).by("bob")).await.ids(), ["c"]);
    assert_eq!(api.send(ask("GET", &path)).await.ids(), ["c"]);
    for cursor in ["x", "", "AAAA", "MTo="] {
        assert_eq!(
            api.send(ask("GET", &format!("/state?cursor={cursor}")).by("alice"))
                .await
                .expect(400)
                .pointers(),
            ["#/cursor"]
        );
    }
}

#[tokio::test]
async fn pages_continue_after_changes_between_them() {
    let api = Api::start().await;
    for id in ["b", "d", "f", "h"] {
        api.put("alice", id, &json!({"value": 1})).await;
    }
    let page = api.send(ask("GET", "/state?limit=2").by("alice")).await;
    assert_eq!(page.ids(), ["b", "d"]);
    for id in ["d", "f"] {
        api.send(
            ask("DELETE", &format!("/state/{id}"))
                .by("alice")
                .if_match("*"),
        )
        .await
        .expect(204);
    }
    for id in ["a", "e", "z"] {
        api.put("alice", id, &json!({"value": 1})).await;
    }
    let path = format!(
        "/state?limit=2&cursor={}",
        page.body["nextCursor"].as_str().unwrap()
    );
    let page = api.send(ask("GET", &path).by("alice")).await;
    assert_eq!(page.ids(), ["e", "h"]);
    let path = format!(
        "/state?limit=2&cursor={}",
        page.body["nextCursor"].as_str().unwrap()
    );
    let page = api.send(ask("GET", &path).by("alice")).await;
    assert_eq!(
        (page.ids(), &page.body["nextCursor"]),
        (vec!["z"], &serde_json::Value::Null)
    );
}

#[tokio::test]
async fn a_page_has_1_to_100_resources() {
    let api = Api::start().await;
    for limit in [
        "0",
        "101",
        "-1",
        "+5",
        "05",
        "00",
        " 5",
        "\u{665}",
        "",
        "ten",
        "1.0",
        "1e1",
        "%31",
        "99999999999999999999",
    ] {
        assert_eq!(
            api.send(ask("GET", &format!("/state?limit={limit}")))
                .await
                .expect(400)
                .pointers(),
            ["#/limit"],
            "{limit}"
        );
    }
    assert_eq!(
        api.send(ask("GET", "/state?limit=1&limit=2"))
            .await
            .expect(400)
            .pointers(),
        ["#/limit"]
    );
    api.send(ask("GET", "/state?limit=100")).await.expect(200);
    api.send(ask("GET", "/state?other=ignored"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_page_ends_before_five_megabytes() {
    let api = Api::start().await;
    let plain = "x".repeat(256 * 1024 - 2);
    // Each quote takes two bytes in the JSON string of the function's answer.
    let quotes = vec![""; 80_000];
    for n in 0..22 {
        let value = if n < 20 { json!(plain) } else { json!(quotes) };
        api.put("alice", &format!("r{n:02}"), &json!({"value": value}))
            .await;
    }
    let mut ids = Vec::new();
    let mut path = "/state?limit=100".to_owned();
    loop {
        let reply = api.send(ask("GET", &path).by("alice")).await.expect(200);
        assert!(
            reply.text.len() < 5_000_000
                && serde_json::to_string(&reply.text).unwrap().len() < 5_500_000
        );
        ids.extend(reply.ids().into_iter().map(str::to_owned));
        let Some(cursor) = reply.body["nextCursor"].as_str() else {
            break;
        };
        path = format!("/state?limit=100&cursor={cursor}");
    }
    assert_eq!(ids, (0..22).map(|n| format!("r{n:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_caller_in_many_groups_sees_the_resources_of_all() {
    let api = Api::start().await;
    let names: Vec<_> = (0..150).map(|n| format!("group {n}")).collect();
    for n in [0, 77, 149] {
        api.put(
            "alice",
            &format!("r{n}"),
            &json!({"value": n, "visibility": format!("group:group {n}")}),
        )
        .await;
    }
    let groups: Vec<_> = names.iter().map(String::as_str).collect();
    assert_eq!(
        api.send(ask("GET", "/state").of("bob", &groups))
            .await
            .expect(200)
            .ids(),
        ["r0", "r149", "r77"]
    );
}

#[tokio::test]
async fn groups_that_no_resource_can_name_are_ignored() {
    let api = Api::start().await;
    let longest = "\u{fc}".repeat(255);
    let body = json!({"value": 1, "visibility": format!("group:{longest}")});
    api.put("alice", "a", &body).await;
    let body = json!({"value": 1, "visibility": format!("group:{longest}x")});
    let put = ask("PUT", "/state/b").by("alice").create().json(&body);
    api.send(put).await.expect(422);
    for groups in [
        &["", "x\ny", &"x".repeat(2044), &"x".repeat(5000), &longest] as &[&str],
        &[&longest],
    ] {
        let list = ask("GET", "/state").of("bob", groups);
        assert_eq!(api.send(list).await.expect(200).ids(), ["a"]);
        let session = ask("GET", "/session").of("bob", groups);
        assert_eq!(api.send(session).await.body["groups"], json!([longest]));
    }
}
