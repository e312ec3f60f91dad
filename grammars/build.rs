//! Lists the library catalog, so that it is embedded in the binary: each `catalog/<role>/<library>.toml` becomes a pair of name and text.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=catalog");
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("catalog");
    let mut files = Vec::new();
    for role in fs::read_dir(&root)? {
        let role = role?.path();
        if role.is_dir() {
            for library in fs::read_dir(&role)? {
                files.push(library?.path());
            }
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    // The file system lists in any order; a build must not.
    files.sort();
    let entries: String = files.iter().map(|file| entry(file)).collect();
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("catalog.rs");
    fs::write(out, format!("&[\n{entries}]\n"))
}

fn entry(file: &Path) -> String {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    format!("    ({name:?}, include_str!({:?})),\n", file.to_string_lossy())
}
