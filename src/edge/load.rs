//! Reads the configuration and the files that it names.

use std::env;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::config::Global;
use crate::config::check::{self, Checked, DefinitionDirectory, Environment, PathKind};
use crate::config::listing::DefinitionNames;
use crate::config::uci::Document;
use crate::edge::files::{self, ReadError};
use crate::edge::{clock, stream};
use crate::model::sorted::Map;

/// A configuration file that was read and checked.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration and its mistakes.
    pub checked: Checked,
    /// The names in `/etc/hosts` and their addresses.
    pub hosts: Map<String, Vec<IpAddr>>,
}

/// Reads and checks `file`. An empty path stands for the default one, see [`files::config`].
///
/// # Errors
/// If the file cannot be read. Mistakes in it are not an error, but in [`Checked`].
pub fn load(file: &Path) -> Result<Loaded, ReadError> {
    let file = files::config(file);
    let bytes = files::read_config(&file)?;
    let checked = check::load(&file.display().to_string(), &bytes, &SystemFiles);
    Ok(Loaded { checked, hosts: files::hosts::system() })
}

/// Reads the global options of `file`, as [`load`] does.
///
/// # Errors
/// If the file cannot be read.
pub fn load_global(file: &Path) -> Result<Global, ReadError> {
    let bytes = files::read_config(&files::config(file))?;
    Ok(check::load_global(&bytes, &SystemFiles))
}

/// The names of the provider definitions on this system.
pub fn definition_names() -> DefinitionNames {
    DefinitionNames {
        own: files::definitions(DefinitionDirectory::Own),
        packaged: files::definitions(DefinitionDirectory::Packaged),
    }
}

/// Checks `text` as the content of a configuration file.
pub fn check_text(text: &str) -> Checked {
    check::load("", text.as_bytes(), &SystemFiles)
}

/// Checks a configuration that was parsed already.
pub fn check(document: &Document) -> Loaded {
    let checked = check::check("", document, Vec::new(), &SystemFiles);
    Loaded { checked, hosts: files::hosts::system() }
}

/// The files of this system, for the checks of the configuration.
struct SystemFiles;

impl Environment for SystemFiles {
    fn definition(
        &self,
        directory: DefinitionDirectory,
        service_name: &str,
    ) -> Option<Result<String, String>> {
        match files::definition(directory, service_name) {
            Ok(bytes) => bytes.map(|bytes| Ok(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) => Some(Err(error.to_string())),
        }
    }

    fn read_secret(&self, path: &Path) -> Result<String, String> {
        let (secret, _) = files::password(path).map_err(|error| error.to_string())?;
        Ok(secret.expose().to_owned())
    }

    #[expect(clippy::disallowed_methods, reason = "so systemd tells where the credentials are")]
    fn credentials_directory(&self) -> Option<PathBuf> {
        env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
    }

    fn secret_warning(&self, path: &Path) -> Option<String> {
        files::password(path).ok()?.1
    }

    fn script_warning(&self, path: &Path) -> Option<String> {
        files::owner::script_warning(path)
    }

    fn certificate_warning(&self, path: &Path) -> Option<String> {
        match files::read_config(path) {
            Ok(bytes) => stream::cacert_warning(&bytes, clock::now().wall),
            Err(error) => Some(format!("{error}, so requests to https servers fail")),
        }
    }

    fn path_kind(&self, path: &Path) -> PathKind {
        files::path_kind(path)
    }

    fn executable(&self, path: &Path) -> bool {
        files::is_executable(path)
    }

    fn default_statedir(&self) -> PathBuf {
        files::default_statedir()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_file_of_certificates_that_cannot_be_read_gets_a_warning() {
        let scratch = Scratch::new("load-certificates");
        let path = scratch.path().join("large.pem");
        fs::File::create(&path).unwrap().set_len(5 << 20).unwrap();
        let expected = format!(
            "{} is larger than 4096 KiB, so requests to https servers fail",
            path.display()
        );
        assert_eq!(SystemFiles.certificate_warning(&path), Some(expected));
    }
}
