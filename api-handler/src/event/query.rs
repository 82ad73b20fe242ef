//! The query parameters of both kinds of events.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

pub(super) fn decode_query(raw: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

pub(super) fn decoded_query(
    single: Option<HashMap<String, Option<String>>>,
    multi: Option<HashMap<String, Option<Vec<String>>>>,
) -> Vec<(String, String)> {
    match multi.filter(|multi| !multi.is_empty()) {
        Some(multi) => multi
            .into_iter()
            .flat_map(|(name, values)| {
                values
                    .into_iter()
                    .flatten()
                    .map(move |value| (name.clone(), value))
            })
            .collect(),
        None => single
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name, value.unwrap_or_default()))
            .collect(),
    }
}
