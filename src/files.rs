//! Files that others wrote and we read.
/// Whether `name` is one file name and no path, and not a hidden file.
pub fn is_safe_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0'])
}
