//! The open sets against what stands beside them: every file is in its list, every entry is
//! described, and the script that fetches files knows the hashes that the datasets declare.

use std::fs;
use std::path::Path;

use ablate_data::{Origin, Place, Source, corruptions, datasets};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names that the files of an open set stand for: `salt_and_pepper.rs` for `salt-and-pepper`.
fn names_of_files(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("an open set is a folder")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.replace('_', "-")))
        .filter(|name| name != "mod" && name != "tests")
        .collect();
    names.sort();
    names
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}

/// The section of a page under `## name`, without line breaks that only wrap.
fn section(page: &str, name: &str) -> String {
    let heading = format!("\n## {name}\n");
    let start = page.find(&heading).unwrap_or_else(|| panic!("no section {name}"));
    let body = &page[start + heading.len()..];
    body[..body.find("\n## ").unwrap_or(body.len())].to_owned()
}

#[test]
fn every_file_of_an_open_set_is_in_its_list() {
    let listed = sorted(corruptions::ALL.iter().map(|corruption| corruption.name));
    assert_eq!(names_of_files("src/corruptions"), listed);
    let listed = sorted(datasets::ALL.iter().map(|source| source.name));
    assert_eq!(names_of_files("src/datasets"), listed);
}

#[test]
fn every_corruption_is_described_as_it_is_declared() {
    let page = read("CORRUPTIONS.md");
    for corruption in corruptions::ALL {
        let section = section(&page, corruption.name);
        let mut summary = corruption.summary.to_owned();
        summary[..1].make_ascii_uppercase();
        let mut lines = vec![
            format!("{summary}."),
            format!("- Formula: `{}`", corruption.formula),
            format!("- Family: {}", corruption.family.word()),
            format!("- Source: {}", corruption.source),
        ];
        if let Some(severity) = &corruption.severity {
            let (least, most) = (severity.range.start(), severity.range.end());
            let graded: Vec<String> = severity.graded.iter().map(f32::to_string).collect();
            lines.push(format!("- Severity: `{}`, from {least} to {most}", severity.name));
            lines.push(format!("- Graded: {}", graded.join(", ")));
        }
        for line in lines {
            assert!(section.contains(&line), "{}: {line}", corruption.name);
        }
    }
    let headings = page.lines().filter(|line| line.starts_with("## ")).count();
    assert_eq!(headings, corruptions::ALL.len() + 1, "the last section is \"To add one\"");
}

/// How a dataset comes to the user, and its sizes where no file need be read to know them.
fn coming(source: &Source) -> (&'static str, Option<[usize; 3]>) {
    match &source.origin {
        Origin::Generated(generator) => {
            let sizes = generator.sizes;
            let comes = source.made_from().map_or("generated", |_| "generated from mnist");
            (comes, Some([sizes.train, sizes.valid, sizes.test]))
        }
        Origin::Files(files) => match files.train_images.place {
            Place::Folder => ("fetched", None),
            Place::Embedded(_) => {
                let data = source.load(Path::new("")).expect("it is in the program");
                ("embedded", Some([data.train.len(), data.valid.len(), data.test.len()]))
            }
        },
    }
}

#[test]
fn every_dataset_is_described_as_it_is_declared() {
    let page = read("DATASETS.md");
    for source in datasets::ALL {
        let row = page.lines().find(|line| line.starts_with(&format!("| {} |", source.name)));
        let row = row.unwrap_or_else(|| panic!("no row for {}", source.name));
        let (comes, sizes) = coming(source);
        let end = format!("| {comes} | {} | {} |", source.licence, source.checksum());
        assert!(row.ends_with(&end), "{row}\nshould end with\n{end}");
        if let Some(sizes) = sizes {
            assert_eq!(source.train_len(), sizes[0], "{}", source.name);
            assert_eq!(source.test_len(), sizes[2], "{}", source.name);
            let [train, valid, test] = sizes.map(|size| size.to_string());
            let start = format!("| {} | {train} | {valid} | {test} |", source.name);
            assert!(row.starts_with(&start), "{row}\nshould start with\n{start}");
        }
    }
}

#[test]
fn embedded_images_have_their_licence_beside_them() {
    let page = read("images/LICENSES.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("images");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let described = ["mnist-", "fashion-", "backgrounds20-"]
            .into_iter()
            .any(|start| name.starts_with(start) && page.contains(&format!("\n## {start}*\n")));
        assert!(described || name == "LICENSES.md", "{name} has no licence");
    }
}

#[test]
fn the_script_knows_the_declared_hash_of_every_file_it_fetches() {
    let script = read("../../scripts/fetch_data.sh");
    for source in datasets::ALL {
        let Origin::Files(files) = &source.origin else { continue };
        for file in files.all() {
            let line = format!("{}/{}) echo {} ;;", source.name, file.name, file.sha256);
            match file.place {
                Place::Embedded(_) => assert!(!script.contains(&line), "{line}"),
                Place::Folder => assert!(script.contains(&line), "{line}"),
            }
        }
    }
}
