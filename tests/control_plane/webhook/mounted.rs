//! A folder as the kubelet mounts a Secret or a ConfigMap: the files are links through `..data`, which is a link to the
//! folder of one version, and a new version takes its place as a whole.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub struct Mounted {
    folder: PathBuf,
    version: AtomicU32,
}

impl Mounted {
    pub fn at(folder: &Path) -> io::Result<Mounted> {
        fs::create_dir_all(folder)?;
        Ok(Mounted { folder: folder.to_owned(), version: AtomicU32::new(0) })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts these files in place of those that were there, in the steps of the kubelet.
    pub fn swap(&self, files: &[(String, String)]) -> io::Result<()> {
        let version = format!("..2026_11_25_{}", self.version.fetch_add(1, Ordering::Relaxed));
        let new = self.folder.join(&version);
        fs::create_dir(&new)?;
        for (name, text) in files {
            fs::write(new.join(name), text)?;
        }
        let (data, next) = (self.folder.join("..data"), self.folder.join("..data_tmp"));
        let old = fs::read_link(&data).ok();
        symlink(&version, &next)?;
        fs::rename(&next, &data)?;
        for (name, _) in files {
            let link = self.folder.join(name);
            if fs::symlink_metadata(&link).is_err() {
                symlink(Path::new("..data").join(name), &link)?;
            }
        }
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if !name.starts_with("..") && !files.iter().any(|(file, _)| *file == name) {
                fs::remove_file(self.folder.join(name))?;
            }
        }
        old.map_or(Ok(()), |old| fs::remove_dir_all(self.folder.join(old)))
    }
}
