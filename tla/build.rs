//! Packs the specs into the library, so that a program that checks them needs no checkout.
use std::{env, fmt::Write, fs, path::Path};

fn main() {
    let here = env::var("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let mut files = Vec::new();
    for folder in fs::read_dir(&here).expect("the crate's folder can be read") {
        let folder = folder.expect("the crate's folder can be read").path();
        let is_algorithm = folder.is_dir() && !["src", "tests"].iter().any(|other| folder.ends_with(other));
        if is_algorithm {
            println!("cargo:rerun-if-changed={}", folder.display());
            files.extend(specs_in(&folder));
        }
    }
    files.sort();
    let root = Path::new(&here);
    let mut list = String::from("&[\n");
    for file in files {
        let file = Path::new(&file);
        let name = file.strip_prefix(root).expect("it lies below the crate").display().to_string();
        let name = name.replace('\\', "/");
        println!("cargo:rerun-if-changed={}", file.display());
        writeln!(list, "({name:?}, include_str!({:?})),", file.display().to_string())
            .expect("a string takes it");
    }
    list.push(']');
    let out = env::var("OUT_DIR").expect("cargo says where to write");
    fs::write(Path::new(&out).join("packed.rs"), list).expect("the list can be written");
}

fn specs_in(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("a folder of specs can be read");
    let paths = files.map(|file| file.expect("a folder of specs can be read").path());
    let is_spec = |path: &Path| path.extension().is_some_and(|end| end == "tla" || end == "cfg");
    paths.filter(|path| is_spec(path)).map(|path| path.display().to_string()).collect()
}
