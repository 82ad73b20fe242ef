//! The functions in JavaScript and Python. They are found by their indentation, because all scripts are formatted.

use std::fs;

use ::tests::files;
use testkit::repository;

use super::source::Function;

const FOLDERS: [&str; 9] = [
    ".ci",
    "api-handler",
    "authorizer",
    "examples",
    "fuzz",
    "local",
    "scripts",
    "tests",
    "web",
];

pub(crate) fn functions() -> Vec<Function> {
    let mut found = Vec::new();
    for path in FOLDERS
        .iter()
        .flat_map(|folder| files(&repository().join(folder), &["js", "mjs", "ts", "py"]))
    {
        let is_python = path.extension().is_some_and(|extension| extension == "py");
        let place = path
            .strip_prefix(repository())
            .expect("below the root")
            .display()
            .to_string();
        let text = fs::read_to_string(&path).expect("a source file");
        found.extend(
            in_text(&text, is_python)
                .into_iter()
                .map(|(first, lines)| Function {
                    place: format!("{place}:{first}"),
                    lines,
                }),
        );
    }
    found
}

/// The first line of each function, and its number of lines.
fn in_text(text: &str, is_python: bool) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let starts = lines.iter().enumerate().filter(|(_, line)| {
        if is_python {
            is_python_function(line)
        } else {
            is_script_function(line)
        }
    });
    starts
        .map(|(first, start)| {
            let rest = lines[first + 1..].iter();
            let mut rest = rest.take_while(|line| {
                // The signature of a function may end with `)` at its own indentation.
                line.trim().is_empty()
                    || indent(line) > indent(start)
                    || (is_python && line.trim_start().starts_with(')'))
            });
            let body = rest.by_ref().count();
            (first + 1, 1 + body + usize::from(!is_python))
        })
        .collect()
}

fn is_python_function(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("def ") || line.starts_with("async def ")
}

/// A function, a method, or an arrow function with a block.
fn is_script_function(line: &str) -> bool {
    const NOT_FUNCTIONS: [&str; 8] = ["if", "for", "while", "switch", "catch", "else", "try", "}"];
    let first = line
        .trim_start()
        .split([' ', '('])
        .next()
        .unwrap_or_default();
    line.ends_with("=> {") || (line.ends_with(") {") && !NOT_FUNCTIONS.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_ends_where_its_indentation_does() {
        for (text, is_python, expected) in [
            (
                "f() {\n  if (x) {\n    y\n  }\n\n  z\n}\ng\n",
                false,
                vec![(1, 7)],
            ),
            (
                "const f = () => {\n  a(() => {\n    b\n  });\n};\n",
                false,
                vec![(1, 5), (2, 3)],
            ),
            ("const f = () => a;\n} else if (x) {\n}\n", false, vec![]),
            ("def f(\n    a,\n):\n    b\n\nc\n", true, vec![(1, 5)]),
            (
                "class A:\n    def f():\n        b\n    def g():\n        c\n",
                true,
                vec![(2, 2), (4, 2)],
            ),
        ] {
            assert_eq!(in_text(text, is_python), expected, "{text}");
        }
    }
}
