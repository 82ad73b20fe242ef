//! The query parameters of both kinds of events.

use lambda_support::borrowed_text::BorrowedText;

use super::members::Members;

pub(super) fn decode_query(raw: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(raw.as_bytes())
        .into_owned()
        .collect()
}

pub(super) fn decoded_query(
    single: Option<Members<'_, Option<BorrowedText<'_>>>>,
    multi: Option<Members<'_, Option<Vec<BorrowedText<'_>>>>>,
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
                let value = value.map(BorrowedText::into_owned).unwrap_or_default();
                (name.into_owned(), value)
            })
            .collect(),
    }
}
