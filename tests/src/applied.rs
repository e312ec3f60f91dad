//! What an editor does with an edit of the workspace: files are made, and ranges of texts replaced.
//!
//! Written from the protocol alone, so that it shares no mistake with the server. Positions count units of UTF-16.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Applies a `WorkspaceEdit` to the disk.
pub fn apply(edit: &Value) {
    for change in edit["documentChanges"].as_array().expect("changes of documents") {
        if change["kind"] == "create" {
            let path = path(&change["uri"]);
            assert!(change["options"]["ignoreIfExists"] == true || !path.exists(), "{} is there already", path.display());
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            if !path.exists() {
                std::fs::write(&path, "").unwrap();
            }
            continue;
        }
        let path = path(&change["textDocument"]["uri"]);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, replaced(&text, change["edits"].as_array().unwrap())).unwrap();
    }
}

fn path(uri: &Value) -> PathBuf {
    Path::new(uri.as_str().unwrap().strip_prefix("file://").expect("a file's URI")).to_owned()
}

/// All ranges are those of the text before; of several insertions at one position, the first comes first.
fn replaced(text: &str, edits: &[Value]) -> String {
    let mut edits: Vec<(usize, usize, &str)> = edits
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(text, &range["start"]), offset(text, &range["end"]), edit["newText"].as_str().unwrap())
        })
        .collect();
    edits.sort_by_key(|(start, end, _)| (*start, *end));
    assert!(edits.windows(2).all(|pair| pair[0].1 <= pair[1].0), "edits overlap");
    let mut result = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        result.replace_range(start..end, new);
    }
    result
}

fn offset(text: &str, position: &Value) -> usize {
    let (line, character) = (position["line"].as_u64().unwrap() as usize, position["character"].as_u64().unwrap() as usize);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut units = 0;
    for (at, letter) in text[start..].char_indices() {
        if units == character {
            return start + at;
        }
        units += letter.len_utf16();
    }
    text.len()
}
