//! The query parameters of both kinds of events.

use percent_encoding::percent_decode_str;

use super::members::{Members, Text};

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
    single: Option<Members<'_, Option<Text<'_>>>>,
    multi: Option<Members<'_, Option<Vec<Text<'_>>>>>,
) -> Vec<(String, String)> {
    match multi.filter(|multi| !multi.0.is_empty()) {
        Some(Members(multi)) => multi
            .into_iter()
            .flat_map(|(name, values)| {
                let name = name.into_owned();
                values
                    .into_iter()
                    .flatten()
                    .map(move |value| (name.clone(), value.into_owned()))
            })
            .collect(),
        None => single
            .into_iter()
            .flat_map(|Members(single)| single)
            .map(|(name, value)| {
                let value = value.map(Text::into_owned).unwrap_or_default();
                (name.into_owned(), value)
            })
            .collect(),
    }
}
