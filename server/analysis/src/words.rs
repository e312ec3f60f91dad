//! Numbers, times and lists as people write them in sentences, and names as people compare them.

use core::time::Duration;

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

/// `250 ms`, `1.5 s`, `30 s`, `2 min`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let rounded = |value: f64| (value * 100.0).round() / 100.0;
    match seconds {
        ..1.0 => format!("{} ms", rounded(seconds * 1e3)),
        120.0.. if time.as_secs().is_multiple_of(60) && time.subsec_nanos() == 0 => format!("{} min", time.as_secs() / 60),
        _ => format!("{} s", rounded(seconds)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let shown = [250, 999, 1500, 30_000, 90_000, 120_000, 150_000].map(|time| duration(Duration::from_millis(time)));
        assert_eq!(shown, ["250 ms", "999 ms", "1.5 s", "30 s", "90 s", "2 min", "150 s"]);
        assert_eq!(duration(Duration::from_micros(1_500)), "1.5 ms");
    }
}
