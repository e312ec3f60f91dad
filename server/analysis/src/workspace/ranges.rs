//! Ranges of versions, as npm's package managers write them: `^2.3.0`, `1.x || >=2.1 <3`.
//!
//! What deliberately does not live here: which package a range is for. Invariant: a range that is not understood may mean any version.

/// A version's three numbers.
type Numbers = [u64; 3];

/// Whether a version may be in a range. Tags, addresses and what else is no range may mean any; so may a range for a version before its release.
pub(crate) fn may_satisfy(range: &str, version: &str) -> bool {
    let own = version.trim_start_matches('v');
    let own = own.split('+').next().unwrap_or(own);
    let (numbers, before_release) = match own.split_once('-') {
        Some((numbers, _)) => (numbers, true),
        None => (own, false),
    };
    let Some((numbers, 3)) = parse(numbers) else { return true };
    range.split("||").any(|all| satisfies_all(all.trim(), own, numbers, before_release))
}

fn satisfies_all(range: &str, own: &str, numbers: Numbers, before_release: bool) -> bool {
    if let Some((least, most)) = range.split_once(" - ") {
        return holds(">=", least.trim(), own, numbers) && holds("<=", most.trim(), own, numbers);
    }
    let mut operator = "";
    range.split_whitespace().all(|word| {
        let at = word.find(|character: char| !matches!(character, '^' | '~' | '>' | '<' | '=')).unwrap_or(word.len());
        let (sign, wanted) = word.split_at(at);
        let sign = if sign.is_empty() { operator } else { sign };
        // `>= 1.2`: the number is the next word.
        operator = if wanted.is_empty() { sign } else { "" };
        let is_exact = matches!(sign, "" | "=");
        wanted.is_empty() || (before_release && !is_exact) || holds(sign, wanted, own, numbers)
    })
}

fn holds(sign: &str, wanted: &str, own: &str, numbers: Numbers) -> bool {
    let wanted = wanted.trim_start_matches('v');
    let plain = wanted.split(['-', '+']).next().unwrap_or(wanted);
    let Some((least, given)) = parse(plain) else { return true };
    let next = |at: usize| -> Numbers {
        let mut next = [0; 3];
        next[..=at].copy_from_slice(&least[..=at]);
        next[at] += 1;
        next
    };
    let within = |at: usize| least <= numbers && numbers < next(at);
    match (sign, given) {
        (_, 0) => true,
        ("" | "=", 3) => own == wanted,
        ("" | "=", given) => within(given - 1),
        ("~" | "~>", given) => within(given.min(2) - 1),
        // The first number that is not zero must stay.
        ("^", given) => within(least[..given].iter().position(|number| *number > 0).unwrap_or(given - 1)),
        (">=", _) => numbers >= least,
        (">", 3) => numbers > least,
        (">", given) => numbers >= next(given - 1),
        ("<", _) => numbers < least,
        ("<=", 3) => numbers <= least,
        ("<=", given) => numbers < next(given - 1),
        _ => true,
    }
}

/// The numbers of a version, and how many of them it says: `1.x` says one. `None` for what is no version.
fn parse(text: &str) -> Option<(Numbers, usize)> {
    let mut numbers = [0; 3];
    for (at, part) in text.split('.').enumerate() {
        match part {
            "*" | "x" | "X" => return Some((numbers, at)),
            part => *numbers.get_mut(at)? = part.parse().ok()?,
        }
    }
    Some((numbers, text.split('.').count()))
}

#[cfg(test)]
mod tests {
    use super::may_satisfy;

    #[test]
    fn tells_what_is_in_a_range() {
        for range in
            ["*", "", "^2.3.0", "~2.5", "2", "2.x", "2.5.0", "=2.5.0", ">=2 <3", ">= 2.1", "1 || 2", "2.0.0 - 3", "latest", "catalog:"]
        {
            assert!(may_satisfy(range, "2.5.0"), "{range}");
        }
        for range in ["^1.9.0", "~2.4.0", "3", "2.5.1", ">2.5.0", "<2.5", ">=2.6 <3", "1 || 3.x", "^3.0.0-rc.1", "0.0.0-preview-1"] {
            assert!(!may_satisfy(range, "2.5.0"), "{range}");
        }
        assert!(may_satisfy("^0.2.3", "0.2.9") && !may_satisfy("^0.2.3", "0.3.0") && !may_satisfy("^0.0.3", "0.0.4"));
        assert!(may_satisfy("^2.0.0", "2.0.0-rc.1") && !may_satisfy("2.0.0", "2.0.0-rc.1") && may_satisfy("^1", "unversioned"));
    }
}
