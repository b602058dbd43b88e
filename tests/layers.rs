//! Who may use whom: the table of layers in ARCHITECTURE.md, and no circle between files or folders.

#![allow(clippy::unwrap_used, reason = "a test and its helper")]

#[path = "support/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use source::{code, is_test, sources};

/// A module by its names from the root of the crate: `edge`, `http`, `race`.
type Module = Vec<String>;

/// What each file uses: the modules of other files, each with a path that says so.
type Uses = BTreeMap<Module, BTreeMap<Module, String>>;

/// The files of `src/` without tests, by module.
struct Tree {
    text: BTreeMap<Module, String>,
    /// What a module gives on under a name of its own (`pub use`): the path from the root.
    given_on: BTreeMap<(Module, String), Module>,
}

impl Tree {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut text = BTreeMap::new();
        for file in sources(&root) {
            let path = file.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Module =
                path.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if is_test(&path) || module == ["main"] {
                continue;
            }
            if module.last().unwrap() == "mod" || module == ["lib"] {
                module.pop();
            }
            let lines: Vec<String> =
                code(&fs::read_to_string(&file).unwrap()).map(str::to_owned).collect();
            text.insert(module, lines.join("\n"));
        }
        let mut tree = Self { text, given_on: BTreeMap::new() };
        for (module, text) in &tree.text {
            for path in imports(text).into_iter().filter(|import| import.public) {
                if let Some(target) = tree.absolute(module, &path.path) {
                    let name = target.last().unwrap().clone();
                    tree.given_on.insert((module.clone(), name), target);
                }
            }
        }
        tree
    }

    /// The path from the root of what `module` calls `path`; nothing if it belongs to another crate.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Module> {
        let mut base = module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                let child = [module.as_slice(), &[first.to_owned()]].concat();
                if !self.text.contains_key(&child) {
                    return None;
                }
            }
        }
        base.extend(rest.iter().filter(|part| *part != "self").cloned());
        Some(base)
    }

    /// The file that has what is at `path`, not one that only gives it on.
    fn home(&self, path: &[String]) -> Module {
        let known =
            (0..=path.len()).rev().find(|&end| self.text.contains_key(&path[..end])).unwrap();
        let module = path[..known].to_vec();
        let Some(name) = path.get(known) else { return module };
        match self.given_on.get(&(module.clone(), name.clone())) {
            Some(target) if *target != path => self.home(&[target, &path[known + 1..]].concat()),
            _ => module,
        }
    }

    /// Which file uses which. A file that only gives on what is below it does not use that, and a file
    /// may always use what belongs to the folder that it is in.
    fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (module, text) in &self.text {
            let mut used = BTreeMap::new();
            for import in imports(text) {
                let Some(path) = self.absolute(module, &import.path) else { continue };
                let home = self.home(&path);
                let gives_on = import.public && home.starts_with(module);
                if !gives_on && !module.starts_with(&home) {
                    used.insert(home, import.path.join("::"));
                }
            }
            uses.insert(module.clone(), used);
        }
        uses
    }
}

/// A path that a file names.
struct Import {
    path: Vec<String>,
    /// `pub use`.
    public: bool,
}

/// The paths in the `use` lines of `text`, and those that begin with `crate::` or `super::` elsewhere.
fn imports(text: &str) -> Vec<Import> {
    let mut found = Vec::new();
    let mut rest = String::new();
    let mut statement: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let begins = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "];
        if statement.is_none() && begins.iter().any(|begin| trimmed.starts_with(begin)) {
            statement = Some(String::new());
        }
        match &mut statement {
            Some(open) => {
                open.push_str(trimmed);
                if trimmed.ends_with(';') {
                    add_statement(open, &mut found);
                    statement = None;
                }
            }
            None => {
                rest.push_str(line);
                rest.push('\n');
            }
        }
    }
    for begin in ["crate::", "super::"] {
        found.extend(rest.match_indices(begin).map(|(start, _)| path_at(&rest[start..])));
    }
    found
}

/// The path that `text` begins with.
fn path_at(text: &str) -> Import {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
    let parts = text[..end.unwrap_or(text.len())].split("::").filter(|part| !part.is_empty());
    Import { path: parts.map(str::to_owned).collect(), public: false }
}

fn add_statement(statement: &str, found: &mut Vec<Import>) {
    let public = statement.starts_with("pub");
    let (_, tree) = statement.split_once("use ").unwrap();
    let mut paths = Vec::new();
    expand(&[], tree.trim_end_matches(';'), &mut paths);
    found.extend(paths.into_iter().map(|path| Import { path, public }));
}

/// `a::{b, c::{d}}` → `a::b`, `a::c::d`.
fn expand(prefix: &[String], tree: &str, paths: &mut Vec<Vec<String>>) {
    let (head, group) = match tree.find('{') {
        Some(open) => (&tree[..open], Some(&tree[open + 1..tree.rfind('}').unwrap()])),
        None => (tree.split(" as ").next().unwrap(), None),
    };
    let parts = head.split("::").map(str::trim).filter(|part| !part.is_empty() && *part != "*");
    let path: Vec<String> = prefix.iter().cloned().chain(parts.map(str::to_owned)).collect();
    let Some(group) = group else {
        paths.push(path);
        return;
    };
    let mut depth = 0;
    let mut start = 0;
    for (at, character) in group.char_indices().chain([(group.len(), ',')]) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !group[start..at].trim().is_empty() {
                    expand(&path, group[start..at].trim(), paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// A circle, if `arrows` has one: its stations, the first one again at the end.
fn circle(arrows: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    fn walk(
        at: &Module,
        arrows: &BTreeMap<Module, BTreeSet<Module>>,
        way: &mut Vec<Module>,
        done: &mut BTreeSet<Module>,
    ) -> Option<Vec<Module>> {
        if let Some(start) = way.iter().position(|station| station == at) {
            return Some([&way[start..], std::slice::from_ref(at)].concat());
        }
        if done.contains(at) {
            return None;
        }
        way.push(at.clone());
        for next in arrows.get(at).into_iter().flatten() {
            if let Some(found) = walk(next, arrows, way, done) {
                return Some(found);
            }
        }
        way.pop();
        done.insert(at.clone());
        None
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|start| walk(start, arrows, &mut Vec::new(), &mut done))
}

fn shown(circle: &[Module]) -> String {
    let stations: Vec<String> = circle.iter().map(|module| module.join("/")).collect();
    stations.join(" → ")
}

/// The table of layers in ARCHITECTURE.md: each with those that it may use.
fn layers() -> BTreeMap<String, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let (_, table) = text.split_once("| layer | may use |\n|---|---|\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut names = row.split('`').skip(1).step_by(2).map(str::to_owned);
        (names.next().unwrap(), names.collect())
    })
    .collect()
}

#[test]
fn each_layer_uses_only_the_layers_that_it_may_use() {
    let layers = layers();
    for (module, used) in Tree::read().uses() {
        let Some(layer) = module.first() else { continue };
        let allowed =
            layers.get(layer).unwrap_or_else(|| panic!("ARCHITECTURE.md lacks layer {layer}"));
        for (target, path) in used {
            let Some(other) = target.first() else { continue };
            let sound = other == layer || allowed.contains(other);
            assert!(sound, "{} uses {path}: {layer} may not use {other}", module.join("/"));
        }
    }
}

#[test]
fn the_layers_form_no_circle() {
    let arrows = layers().into_iter().map(|(layer, used)| {
        (vec![layer], used.into_iter().map(|name| vec![name]).collect::<BTreeSet<Module>>())
    });
    let found = circle(&arrows.collect());
    assert_eq!(found.as_deref().map(shown), None);
}

#[test]
fn files_form_no_circle() {
    let uses = Tree::read().uses();
    let arrows = uses.into_iter().map(|(module, used)| (module, used.into_keys().collect()));
    let found = circle(&arrows.collect());
    assert_eq!(found.as_deref().map(shown), None);
}

/// What a file uses in another folder, the folder of that file uses, at each depth.
#[test]
fn folders_form_no_circle() {
    let mut arrows: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, used) in Tree::read().uses() {
        for target in used.into_keys() {
            let common = module.iter().zip(&target).take_while(|(a, b)| a == b).count();
            let folders = (module.get(..=common), target.get(..=common));
            if let (Some(from), Some(to)) = folders {
                arrows.entry(from.to_vec()).or_default().insert(to.to_vec());
            }
        }
    }
    let found = circle(&arrows);
    assert_eq!(found.as_deref().map(shown), None);
}

#[test]
fn an_import_is_read_whatever_its_form() {
    let text = "use crate::a::{self, b::{C, D as E}};\npub use super::f;\nlet x = crate::g::h(1);";
    let found: Vec<String> = imports(text).iter().map(|import| import.path.join("::")).collect();
    assert_eq!(
        found,
        ["crate::a::self", "crate::a::b::C", "crate::a::b::D", "super::f", "crate::g::h"]
    );
}
