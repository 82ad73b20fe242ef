//! `docs/reasons.md` names every reason code of the authorizer, and no other.

#![expect(
    clippy::expect_used,
    reason = "a test: what goes wrong here is its verdict"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use testkit::repository;

/// The functions that give a reason its code.
const CODES: [&str; 4] = ["code", "codes", "key_codes", "reason"];

/// Modules with codes of other things: faults of a fetch, skipped keys, fields of the log line.
const OTHER_CODES: [&str; 3] = ["issuer", "key", "log"];

#[derive(Default)]
struct Codes {
    inside: bool,
    found: BTreeSet<String>,
}

impl Codes {
    fn function(&mut self, name: &syn::Ident, visit: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.inside, CODES.iter().any(|code| name == code));
        visit(self);
        self.inside = outside;
    }
}

impl<'ast> Visit<'ast> for Codes {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig.ident, |codes| visit::visit_item_fn(codes, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig.ident, |codes| {
            visit::visit_impl_item_fn(codes, item);
        });
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        // rustfmt puts a long literal into a block.
        let body = match &*arm.body {
            syn::Expr::Block(block) => match block.block.stmts.as_slice() {
                [syn::Stmt::Expr(only, None)] => only,
                _ => &*arm.body,
            },
            body => body,
        };
        let literals = match body {
            syn::Expr::Tuple(pair) => pair.elems.iter().collect(),
            body => vec![body],
        };
        for literal in literals {
            if self.inside
                && let syn::Expr::Lit(literal) = literal
                && let syn::Lit::Str(code) = &literal.lit
            {
                self.found.insert(code.value());
            }
        }
        visit::visit_arm(self, arm);
    }
}

fn codes(folder: &Path, codes: &mut Codes) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        if OTHER_CODES.contains(&stem) {
            continue;
        }
        if path.is_dir() {
            self::codes(&path, codes);
        } else {
            let text = fs::read_to_string(&path).expect("a source file");
            codes.visit_file(&syn::parse_file(&text).expect("Rust"));
        }
    }
}

#[test]
fn every_reason_code_of_the_authorizer_has_a_row() {
    let mut in_source = Codes::default();
    codes(&repository().join("authorizer/src"), &mut in_source);
    let page = fs::read_to_string(repository().join("docs/reasons.md")).expect("the page");
    let table = page
        .split("\n## ")
        .find(|section| section.starts_with("Authorizer"));
    let in_page: BTreeSet<String> = table
        .expect("the section on the authorizer")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    assert!(in_source.found.len() > 40, "{:?}", in_source.found);
    let missing: Vec<_> = in_source.found.difference(&in_page).collect();
    let unknown: Vec<_> = in_page.difference(&in_source.found).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "codes without a row: {missing:?}; rows without a code: {unknown:?}"
    );
}
