//! Where images are taken from instead: registries and repositories by their beginning.
//!
//! Beginnings are whole segments of a parsed name: `docker.io/lib` is not the beginning of `docker.io/library/redis`, and
//! `good.io` not that of `good.io.evil.com`.

use crate::diagnostic::Place;
use crate::image::Image;

/// One beginning with what takes its place.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// The registry, and perhaps the first segments of the repository.
    pub from: Beginning,
    /// The same of where the image is taken from instead.
    pub to: Beginning,
    /// Where it stands.
    pub place: Place,
}

/// A registry with the first segments of a repository, or without any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// As names are compared: its registry in the one spelling that all its spellings have.
    compared: String,
    written: String,
}

/// Why a text is no beginning of an image's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBeginning {
    /// It starts with no registry.
    Registry,
    /// It is no part of a name.
    Name,
}

impl Beginning {
    /// Reads `docker.io`, `registry.example.com:5000/mirror` and the like.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NoBeginning> {
        let first = text.split('/').next().unwrap_or_default();
        if first != "localhost" && !first.contains(['.', ':']) {
            return Err(NoBeginning::Registry);
        }
        // Two segments more make a name that no registry completes.
        let name = format!("{text}/x/x");
        let image = Image::parse(&name).map_err(|_| NoBeginning::Name)?;
        let full = image.name();
        let compared = full.strip_suffix("/x/x").ok_or(NoBeginning::Name)?;
        Ok(Beginning { compared: compared.to_owned(), written: text.to_owned() })
    }

    /// What follows in the full name of an image, with its slash; [`None`] if that begins in another way.
    pub fn rest<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.strip_prefix(self.compared.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether names that begin like `other` begin like this, too.
    pub fn covers(&self, other: &Beginning) -> bool {
        self.rest(&other.compared).is_some()
    }

    /// Whether this goes on where a name has been read so far.
    pub fn continues(&self, name: &str) -> bool {
        self.compared.starts_with(name)
    }

    /// Whether both are the beginning of the same names.
    pub fn is_same(&self, other: &Beginning) -> bool {
        self.compared == other.compared
    }

    /// As its author wrote it.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

/// The image by the longest beginning that it has; [`None`] if it has none of them, or does not parse. The tag and the
/// digest stay as they are written, and the registry that takes the place of the old one is that of the policy's author.
pub fn rewritten(rewrites: &[Rewrite], image: &str) -> Option<String> {
    let parsed = Image::parse(image).ok()?;
    let name = parsed.name();
    let (rewrite, rest) = longest(rewrites, &name)?;
    Some(format!("{}{rest}{}", rewrite.to.written, parsed.suffix()))
}

/// The rewrite by the longest beginning of a full name, and what follows in the name.
pub fn longest<'r, 'n>(rewrites: &'r [Rewrite], name: &'n str) -> Option<(&'r Rewrite, &'n str)> {
    let found = rewrites.iter().filter_map(|rewrite| Some((rewrite, rewrite.from.rest(name)?)));
    found.max_by_key(|(rewrite, _)| rewrite.from.compared.len())
}

/// Whether one of the beginnings is that of `image`.
pub fn is_covered(rewrites: &[Rewrite], image: &str) -> bool {
    Image::parse(image).is_ok_and(|image| {
        let name = image.name();
        rewrites.iter().any(|rewrite| rewrite.from.rest(&name).is_some())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::document::Span;

    fn rewrites(pairs: &[(&str, &str)]) -> Vec<Rewrite> {
        let place = Place { file: Arc::from("f"), span: Span::default() };
        let read = |text| Beginning::parse(text).unwrap();
        pairs.iter().map(|(from, to)| Rewrite { from: read(from), to: read(to), place: place.clone() }).collect()
    }

    #[test]
    fn the_longest_beginning_of_whole_segments_wins() {
        let digest = format!("sha256:{}", "a0".repeat(32));
        let rules = rewrites(&[
            ("docker.io", "mirror.io/hub"),
            ("docker.io/library", "mirror.io/official"),
            ("index.docker.io/library/redis", "mirror.io/our/redis"),
            ("quay.io/team", "mirror.io:5000/team"),
            ("GCR.io:443", "Mirror.io:443/gcr"),
        ]);
        for (image, expected) in [
            ("redis", Some("mirror.io/our/redis")),
            ("redis:7", Some("mirror.io/our/redis:7")),
            ("nginx:1", Some("mirror.io/official/nginx:1")),
            ("library/nginx", Some("mirror.io/official/nginx")),
            ("docker.io/nginx", Some("mirror.io/official/nginx")),
            ("index.docker.io/library/nginx", Some("mirror.io/official/nginx")),
            ("bitnami/redis:7", Some("mirror.io/hub/bitnami/redis:7")),
            ("libraryx/redis", Some("mirror.io/hub/libraryx/redis")),
            ("library/redis-extra", Some("mirror.io/official/redis-extra")),
            ("quay.io/team/a", Some("mirror.io:5000/team/a")),
            ("QUAY.io/team/a:1", Some("mirror.io:5000/team/a:1")),
            ("quay.io:443/team/a", Some("mirror.io:5000/team/a")),
            ("quay.io:80/team/a", None),
            ("gcr.io/a", Some("Mirror.io:443/gcr/a")),
            ("Docker.io/nginx", Some("mirror.io/official/nginx")),
            ("quay.io/teams/a", None),
            ("quay.io.evil.com/team/a", None),
            ("docker.io.evil.com/x", None),
            ("mirror.io/hub/x", None),
            ("Not An Image", None),
            ("", None),
        ] {
            assert_eq!(rewritten(&rules, image).as_deref(), expected, "{image}");
        }
        let both = format!("nginx:1@{digest}");
        assert_eq!(rewritten(&rules, &both), Some(format!("mirror.io/official/nginx:1@{digest}")));
    }

    #[test]
    fn a_beginning_has_a_registry_and_is_part_of_a_name() {
        for (text, expected) in [
            ("docker.io", Ok("docker.io")),
            ("index.docker.io/library", Ok("docker.io/library")),
            ("localhost:5000/a", Ok("localhost:5000/a")),
            ("QUAY.io:443/a", Ok("quay.io/a")),
            ("library", Err(NoBeginning::Registry)),
            ("team/app", Err(NoBeginning::Registry)),
            ("", Err(NoBeginning::Registry)),
            ("reg.io/", Err(NoBeginning::Name)),
            ("reg.io/App", Err(NoBeginning::Name)),
            ("reg.io/app:1", Err(NoBeginning::Name)),
            ("reg.io/a b", Err(NoBeginning::Name)),
        ] {
            assert_eq!(
                Beginning::parse(text).map(|beginning| beginning.compared),
                expected.map(str::to_owned),
                "{text}"
            );
        }
    }
}
