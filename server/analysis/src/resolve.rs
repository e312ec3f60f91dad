//! From facts to static spans: a partial evaluator over the facts of all files.
