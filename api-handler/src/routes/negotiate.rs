//! Content negotiation.

use http::{
    HeaderMap,
    header::{ACCEPT, CONTENT_TYPE},
};

use crate::problem::Problem;

/// Checks that the caller accepts JSON. The most specific matching range decides (RFC 9110, section 12.5.1).
pub(super) fn accept_json(headers: &HeaderMap) -> Result<(), Problem> {
    let ranges: Vec<&str> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .collect();
    if ranges.iter().all(|range| range.trim().is_empty()) {
        return Ok(());
    }
    let weight_of = |wanted: &str| {
        ranges.iter().find_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next()?;
            let weight = parts.find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")));
            name.eq_ignore_ascii_case(wanted)
                .then(|| weight.and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0))
        })
    };
    let weight = ["application/json", "application/*", "*/*"]
        .into_iter()
        .find_map(weight_of);
    if weight.is_some_and(|weight| weight > 0.0) {
        Ok(())
    } else {
        Err(Problem::NotAcceptable)
    }
}

/// The media type of the body, in lower case and without parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(
        text.split(';')
            .next()
            .unwrap_or(text)
            .trim()
            .to_ascii_lowercase(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_must_allow_json() {
        let check = |accept: &[&str], good: bool| {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(ACCEPT, value.parse().unwrap());
            }
            assert_eq!(accept_json(&headers).is_ok(), good, "{accept:?}");
        };
        check(&[], true);
        check(&[""], true);
        check(&["*/*"], true);
        check(&["application/json"], true);
        check(&["Application/JSON; charset=utf-8"], true);
        check(&["text/html, application/*;q=0.1"], true);
        check(&["text/html", "*/*;q=0.8"], true);
        check(&["text/html"], false);
        check(&["application/json;q=0"], false);
        check(&["application/json;q=0.0, */*"], false);
        check(&["*/*;q=0"], false);
        check(&["application/xml, text/*"], false);
        check(&["application/problem+json"], false);
    }
}
