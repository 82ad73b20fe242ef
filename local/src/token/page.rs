//! The issuer's sign-in page: one form, with a button for each user.

pub(super) fn form_action(page: &str) -> Option<String> {
    tags(page, "form").find_map(|tag| attribute(tag, "action"))
}

/// The users to choose from.
pub(super) fn users(page: &str) -> Vec<String> {
    tags(page, "button")
        .chain(tags(page, "input"))
        .filter(|tag| attribute(tag, "name").as_deref() == Some("user"))
        .filter_map(|tag| attribute(tag, "value"))
        .collect()
}

/// The text between `<name ` and `>`, for each tag with this name.
fn tags<'a>(page: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    page.split('<').filter_map(move |rest| {
        let attributes = rest.strip_prefix(name)?;
        let (attributes, _) = attributes.split_once('>')?;
        attributes
            .starts_with(char::is_whitespace)
            .then_some(attributes)
    })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = format!("{name}=\"");
    let (_, after) = tag
        .split_once(&start)
        .filter(|(before, _)| before.ends_with(char::is_whitespace))?;
    let (value, _) = after.split_once('"')?;
    Some(
        value
            .replace("&amp;", "&")
            .replace("&quot;", "\"")
            .replace("&#39;", "'"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_and_its_users() {
        let page = r#"<h1>Sign in</h1><formality action="no">
            <form method="post" action="/interaction/1?a=b&amp;c=d">
            <button type="submit" name="user" value="alice">Alice</button>
            <button value="ada" name="user">Ada</button>
            <button name="cancel" value="yes">Cancel</button></form>"#;
        assert_eq!(form_action(page).as_deref(), Some("/interaction/1?a=b&c=d"));
        assert_eq!(users(page), ["alice", "ada"]);
        assert_eq!(form_action("<p>"), None);
    }
}
