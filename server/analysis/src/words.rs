//! Numbers and lists as people write them in sentences, and names as people compare them.

/// `1 call`, `2 calls`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
pub fn enumerate<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [start @ .., last] => {
            let start: Vec<&str> = start.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", start.join(", "), last.as_ref())
        }
    }
}

/// The letters and digits of a name, in lower case: `orderCreated` and `order-created` have the same.
pub(crate) fn letters(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The digits of a name.
pub(crate) fn digits(name: &str) -> String {
    name.chars().filter(char::is_ascii_digit).collect()
}
