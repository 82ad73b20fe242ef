//! The source of every crate of the workspace, parsed.

use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use testkit::repository;
use tests::{packages, rust_files};

pub(crate) struct Crate {
    pub(crate) name: String,
    /// The modules below `src`, without those for tests.
    pub(crate) modules: Vec<Module>,
    /// Every function, also those of tests.
    pub(crate) functions: Vec<Function>,
    /// Every type and trait below `src`, private ones too, without those for tests.
    pub(crate) types: Vec<Type>,
}

/// One module: its path below the crate's root, and the modules that it uses.
pub(crate) struct Module {
    pub(crate) path: Vec<String>,
    pub(crate) names: Vec<Vec<String>>,
}

/// One function, and its number of lines.
pub(crate) struct Function {
    pub(crate) place: String,
    pub(crate) lines: usize,
}

/// One type or trait, and where it is.
pub(crate) struct Type {
    pub(crate) name: String,
    /// Whether it derives `Error`.
    pub(crate) is_error: bool,
    pub(crate) place: String,
}

/// The folders of a package that have Rust files.
const PARTS: [&str; 5] = ["src", "tests", "benches", "examples", "fuzz_targets"];

/// Every crate of the workspace.
pub(crate) fn crates() -> Vec<Crate> {
    packages()
        .iter()
        .map(|folder| parse_crate(folder))
        .collect()
}

fn parse_crate(folder: &Path) -> Crate {
    let mut package = Crate {
        name: folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned(),
        modules: Vec::new(),
        functions: Vec::new(),
        types: Vec::new(),
    };
    for part in PARTS {
        for path in rust_files(&folder.join(part)) {
            parse_file(folder, &path, &mut package);
        }
    }
    package
}

fn parse_file(folder: &Path, path: &Path, package: &mut Crate) {
    let text = fs::read_to_string(path).expect("a source file");
    let file = syn::parse_file(&text).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    let place = path
        .strip_prefix(repository())
        .expect("below the root")
        .display()
        .to_string();
    let src = folder.join("src");
    let module = module_path(&src, path);
    let is_source = path.starts_with(src) && !module.iter().any(|name| name == "tests");
    let mut reader = Reader {
        place,
        module,
        is_source,
        package,
        names: Vec::new(),
    };
    reader.visit_file(&file);
    let Reader { module, names, .. } = reader;
    if is_source {
        package.modules.push(Module {
            path: module,
            names,
        });
    }
}

/// `src/jwks/cache.rs` is `["jwks", "cache"]`; the roots are `[]`.
fn module_path(src: &Path, file: &Path) -> Vec<String> {
    let Ok(relative) = file.strip_prefix(src) else {
        return Vec::new();
    };
    let mut path: Vec<String> = relative
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if path
        .last()
        .is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str()))
    {
        path.pop();
    }
    path
}

struct Reader<'c> {
    place: String,
    module: Vec<String>,
    is_source: bool,
    package: &'c mut Crate,
    names: Vec<Vec<String>>,
}

impl Reader<'_> {
    fn function(&mut self, name: &syn::Ident, block: &syn::Block) {
        let first = name.span().start().line;
        let last = block.brace_token.span.close().end().line;
        self.package.functions.push(Function {
            place: format!("{}:{first} {name}", self.place),
            lines: last - first + 1,
        });
    }

    fn named_type(&mut self, name: &syn::Ident, attributes: &[syn::Attribute]) {
        if self.is_source {
            self.package.types.push(Type {
                name: name.to_string(),
                is_error: attributes.iter().any(derives_error),
                place: self.place.clone(),
            });
        }
    }

    /// A path from the crate's root; `None` for other crates and for items of the module itself.
    fn absolute(&self, segments: &[String]) -> Option<Vec<String>> {
        let mut segments = segments.iter();
        let mut path = match segments.next()?.as_str() {
            "crate" => Vec::new(),
            "self" => self.module.clone(),
            "super" => self.module.split_last()?.1.to_vec(),
            _ => return None,
        };
        for segment in segments {
            if segment == "super" {
                path.pop();
            } else {
                path.push(segment.clone());
            }
        }
        Some(path)
    }

    fn use_tree(&mut self, tree: &syn::UseTree, prefix: &[String]) {
        let mut path = prefix.to_vec();
        match tree {
            syn::UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.use_tree(&step.tree, &path);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, prefix);
                }
            }
            syn::UseTree::Name(name) => {
                path.push(name.ident.to_string());
                self.names.extend(self.absolute(&path));
            }
            syn::UseTree::Rename(rename) => {
                path.push(rename.ident.to_string());
                self.names.extend(self.absolute(&path));
            }
            syn::UseTree::Glob(_) => self.names.extend(self.absolute(&path)),
        }
    }
}

fn derives_error(attribute: &syn::Attribute) -> bool {
    let mut derives = false;
    if attribute.path().is_ident("derive") {
        let derived = attribute.parse_nested_meta(|one| {
            derives |= one
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == "Error");
            Ok(())
        });
        derived.expect("the traits of a `derive`");
    }
    derives
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if is_for_tests(&item.attrs) {
            let names = std::mem::take(&mut self.names);
            let is_source = std::mem::replace(&mut self.is_source, false);
            visit::visit_item_mod(self, item);
            self.names = names;
            self.is_source = is_source;
        } else {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // A re-export gives an item of a child another name. Code that uses that name uses the child.
        if matches!(item.vis, syn::Visibility::Inherited) {
            self.use_tree(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path
            .segments
            .iter()
            .map(|one| one.ident.to_string())
            .collect();
        self.names.extend(self.absolute(&segments));
        visit::visit_path(self, path);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig.ident, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig.ident, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig.ident, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.named_type(&item.ident, &item.attrs);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.named_type(&item.ident, &item.attrs);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.named_type(&item.ident, &item.attrs);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.named_type(&item.ident, &item.attrs);
        visit::visit_item_type(self, item);
    }
}
