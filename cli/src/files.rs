//! The files of a run: all of them or none.
use std::{
    fs::{self, File},
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// A folder that is being filled. What was written gets its name only when everything was; if this is
/// dropped before, nothing of it stays.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The folders that were made for it, the outermost first.
    made: Vec<PathBuf>,
    partial: Vec<(PathBuf, PathBuf)>,
}

impl Folder {
    /// Makes the folder, and sees whether it can be written to: before a long run, not after it.
    ///
    /// # Errors
    /// It cannot, with the reason.
    pub fn open(path: &Path) -> Result<Folder> {
        let mut made: Vec<PathBuf> =
            path.ancestors().take_while(|folder| !folder.exists()).map(Path::to_path_buf).collect();
        made.retain(|folder| !folder.as_os_str().is_empty());
        made.reverse();
        let mut folder = Folder { path: path.to_path_buf(), made, partial: Vec::new() };
        let open = || -> io::Result<()> {
            fs::create_dir_all(path)?;
            let probe = path.join(".synod.partial");
            File::create(&probe)?;
            fs::remove_file(&probe)
        };
        match open() {
            Ok(()) => Ok(folder),
            Err(error) => {
                folder.clear();
                Err(error).with_context(|| {
                    format!("--out {}: the folder cannot be written to; name another", path.display())
                })
            }
        }
    }

    /// Writes one file, under a name that says that it is not finished.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write<E>(&mut self, name: &str, write: impl FnOnce(BufWriter<File>) -> Result<(), E>) -> Result<()>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let path = self.path.join(name);
        let partial = self.path.join(format!("{name}.partial"));
        let context = || format!("writing {}", path.display());
        self.partial.push((partial.clone(), path.clone()));
        let file = File::create(&partial).with_context(context)?;
        write(BufWriter::with_capacity(1 << 20, file)).with_context(context)
    }

    /// Gives everything its name.
    ///
    /// # Errors
    /// A file cannot be renamed.
    pub fn finish(mut self) -> Result<Vec<PathBuf>> {
        for (partial, path) in &self.partial {
            fs::rename(partial, path).with_context(|| format!("writing {}", path.display()))?;
        }
        self.made.clear();
        Ok(std::mem::take(&mut self.partial).into_iter().map(|(_, path)| path).collect())
    }

    fn clear(&mut self) {
        // What cannot be removed was not made, or is not ours to complain about in a drop.
        for (partial, _) in self.partial.drain(..) {
            let _ = fs::remove_file(partial);
        }
        for folder in self.made.drain(..).rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.clear();
    }
}
