//! `docs/reasons.md` lists every reason code of the authorizer and every status of the handler, and no others.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test: what goes wrong here is its verdict"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reqwest::StatusCode;
use syn::visit::{self, Visit};
use testkit::reasons::reasons;
use testkit::repository;

/// The functions that give a reason its code.
const CODES: [&str; 4] = ["code", "codes", "key_codes", "reason"];

/// Modules with other codes: those of fetch errors, skipped keys, fields of the log line.
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
        // rustfmt puts a long string literal into a block.
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

/// The statuses in the function `status`.
#[derive(Default)]
struct Statuses(BTreeSet<String>);

impl<'ast> Visit<'ast> for Statuses {
    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if item.sig.ident == "status" {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        let segments: Vec<_> = path.path.segments.iter().collect();
        let [of, name] = *segments.as_slice() else {
            return;
        };
        if of.ident != "StatusCode" {
            return;
        }
        let name = name.ident.to_string();
        let status = (400..600).filter_map(|code| StatusCode::from_u16(code).ok());
        let status = status.into_iter().find(|status| {
            let phrase = status.canonical_reason().unwrap_or_default();
            phrase.to_uppercase().replace([' ', '-'], "_") == name
        });
        let status = status.unwrap_or_else(|| panic!("no error status is named {name}"));
        self.0.insert(status.as_str().to_owned());
    }
}

/// Compares the codes in the source with the rows of one deciding component.
fn check(decided_by: &str, in_source: &BTreeSet<String>) {
    let in_page: BTreeSet<String> = reasons(decided_by)
        .into_iter()
        .map(|row| row.code)
        .collect();
    let missing: Vec<_> = in_source.difference(&in_page).collect();
    let unknown: Vec<_> = in_page.difference(in_source).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "{decided_by}: codes without a row: {missing:?}; rows without a code: {unknown:?}"
    );
}

#[test]
fn every_reason_code_of_the_authorizer_has_a_row() {
    let mut in_source = Codes::default();
    codes(&repository().join("authorizer/src"), &mut in_source);
    assert!(in_source.found.len() > 40, "{:?}", in_source.found);
    check("authorizer", &in_source.found);
}

#[test]
fn every_status_of_the_handler_has_a_row() {
    let source = repository().join("api-handler/src/problem.rs");
    let source = fs::read_to_string(source).expect("a source file");
    let mut statuses = Statuses::default();
    statuses.visit_file(&syn::parse_file(&source).expect("Rust"));
    assert!(statuses.0.len() > 10, "{:?}", statuses.0);
    statuses.0.insert("answered".to_owned());
    check("handler", &statuses.0);
}
