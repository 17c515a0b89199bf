//! Pages that name tests: each test is there.

use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_test_that_the_page_about_provenance_names_is_there() {
    let page = fs::read_to_string(Path::new(ROOT).join("policies/PROVENANCE.md")).unwrap();
    let mut sources = String::new();
    read(&Path::new(ROOT).join("tests"), &mut sources);
    read(&Path::new(ROOT).join("src"), &mut sources);
    let exists = |name: &str| sources.contains(&format!("fn {name}(")) || sources.contains(&format!("(\"{name}\", "));
    let is_long = |name: &&str| name.matches('_').count() >= 3;
    let named: Vec<_> = page.split('`').skip(1).step_by(2).filter(is_long).collect();
    let missing: Vec<_> = named.iter().filter(|name| !exists(name)).collect();
    assert_eq!(missing, Vec::<&&str>::new());
    let (_, incidents) = page.split_once("## What went wrong elsewhere").unwrap();
    let rows: Vec<_> = incidents.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() >= 29, "{} incidents", rows.len());
    for row in rows {
        let cell = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        assert!(cell.split('`').skip(1).step_by(2).any(|name| named.contains(&name)), "{row}");
    }
}

fn read(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *sources += &fs::read_to_string(path).unwrap();
        }
    }
}
