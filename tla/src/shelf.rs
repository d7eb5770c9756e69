//! Where the specs stand: in a checkout, or unpacked from the program itself.
use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{Expected, Model, TlaError};

/// The name below the crate's folder, and the text.
const PACKED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/packed.rs"));

const EXPECTED: &str = include_str!("../expected.toml");

/// A folder that has the specs, one folder per algorithm, and what is expected of them.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    expected: Expected,
    is_temporary: bool,
}

impl Shelf {
    /// The specs of a checkout: its folder `tla`.
    ///
    /// # Errors
    /// `expected.toml` is not there, or is not one.
    pub fn open(folder: &Path) -> Result<Shelf, TlaError> {
        let path = folder.join("expected.toml");
        let text = fs::read_to_string(&path)
            .map_err(|why| TlaError::BadExpectations { path: path.clone(), why: why.to_string() })?;
        Ok(Shelf { folder: folder.to_owned(), expected: Expected::parse(&path, &text)?, is_temporary: false })
    }

    /// The specs that this program was built with, in a temporary folder that goes with the shelf.
    ///
    /// # Errors
    /// The temporary folder cannot be written.
    pub fn unpack() -> Result<Shelf, TlaError> {
        static SHELVES: AtomicU32 = AtomicU32::new(0);
        let number = SHELVES.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("synod-tla-{}-{number}", process::id()));
        let expected = Expected::parse(Path::new("expected.toml"), EXPECTED)?;
        // The shelf first, so that what was written goes with it also if the rest fails.
        let shelf = Shelf { folder, expected, is_temporary: true };
        for (name, text) in PACKED {
            shelf.write(name, text)?;
        }
        Ok(shelf)
    }

    /// Puts a file on the shelf, or another in its place: the data of a trace, a cfg made up on the spot.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, TlaError> {
        let path = self.folder.join(name);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        written.map_err(|source| TlaError::Files { path: path.clone(), source })?;
        Ok(path)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn models(&self) -> &[Model] {
        &self.expected.models
    }

    /// # Errors
    /// There is no such model.
    pub fn model(&self, cfg: &str) -> Result<&Model, TlaError> {
        self.models().iter().find(|model| model.cfg == cfg).ok_or_else(|| TlaError::NoSuchModel {
            name: cfg.to_owned(),
            known: self.models().iter().map(|model| model.cfg.clone()).collect(),
        })
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        if self.is_temporary {
            // Nobody is there to be told, and the system empties that folder sometime.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
