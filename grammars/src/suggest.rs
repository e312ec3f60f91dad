//! What was meant by a name that is not known.

/// A name that is longer than this is compared with nothing.
const MOST_LETTERS: usize = 256;

/// The name among `known` that is most like `name`, if one is like it at all: one letter in three may differ. Case says nothing.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer ones are nobody's slip, and comparing them takes time.
    if name.len() > MOST_LETTERS {
        return None;
    }
    let wanted = name.to_lowercase();
    let limit = (wanted.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter(|other| other.len() <= MOST_LETTERS)
        .map(|other| (strsim::damerau_levenshtein(&wanted, &other.to_lowercase()), other))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// A sentence that names what was meant, or else what there is: `; did you mean `root`?`, `; known are a, b`. Empty where nothing is known.
pub fn hint(name: &str, known: &[&str]) -> String {
    const MOST: usize = 12;
    match nearest(name, known.iter().copied()) {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None if known.is_empty() => String::new(),
        None if known.len() > MOST => format!("; known are {}, …", known[..MOST].join(", ")),
        None => format!("; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_like_a_name_was_meant() {
        assert_eq!(nearest("ordres", ["payments", "orders"]), Some("orders"));
        assert_eq!(nearest("Orders", ["orders"]), Some("orders"));
        assert_eq!(nearest("cart", ["orders"]), None);
        assert_eq!(nearest(&"o".repeat(1 << 20), ["orders"]), None);
        assert_eq!(hint("rot", &["root", "kind"]), "; did you mean `root`?");
        assert_eq!(hint("xxxx", &["root", "kind"]), "; known are root, kind");
    }
}
