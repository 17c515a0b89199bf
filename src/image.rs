//! Names of container images, read and completed as the kubelet and the API server do it.
//!
//! This follows `github.com/distribution/reference`: `redis` is `docker.io/library/redis:latest`. The surprising parts: a
//! first component with a capital letter is a registry (`Foo/bar`), a digest alone has no tag, and the API server's
//! default pull policy ignores errors, so an image that does not parse gets `IfNotPresent`. Beyond it, a registry is given
//! in one spelling (see `registry`), however it was written.

use std::borrow::Cow;
use std::fmt;

use bumpalo::Bump;

mod grammar;
mod registry;

use crate::document::print::shown;
use grammar::{hexadecimal, is_component, is_digest, is_registry, is_tag};

/// Where an image without a registry comes from.
const DOCKER_HUB: &str = "docker.io";
/// The older name of the same place.
const LEGACY_DOCKER_HUB: &str = "index.docker.io";
/// Where Docker Hub keeps images without an owner.
const OFFICIAL: &str = "library/";
/// The tag of an image that has neither tag nor digest.
const LATEST: &str = "latest";
/// Characters that a repository may have.
const LONGEST_REPOSITORY: usize = 255;

/// An image name in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// As it was written; not to be compared.
    registry: &'a str,
    /// Whether `library/` belongs before the path.
    official: bool,
    path: &'a str,
    /// Empty where none was written.
    tag: &'a str,
    /// Empty where none was written.
    digest: &'a str,
    suffix: &'a str,
}

/// Why a text names no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("image `{image}` does not parse: {reason}")]
pub struct Error {
    /// The text, shortened and with its control characters escaped.
    pub image: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with the name of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is no name.
    #[error("it is empty")]
    Empty,
    /// The text is what a container runtime calls an image by locally.
    #[error("64 hexadecimal digits are an image ID, not a name")]
    Identifier,
    /// A capital letter stands behind the registry.
    #[error("a repository has no capital letters")]
    Uppercase,
    /// The part before the first slash is no host, with or without a port.
    #[error("the part before the first `/` is not a registry")]
    Registry,
    /// The path has another shape.
    #[error("the repository is not made of lower-case letters and digits with single separators")]
    Repository,
    /// The path is too long.
    #[error("the repository has more than 255 characters")]
    TooLong,
    /// The part behind the colon is no tag.
    #[error("the tag is not made of 1 to 128 letters, digits, `_`, `.` and `-`")]
    Tag,
    /// The part behind the `@` is no digest.
    #[error("the digest is not `sha256:` and 64 hexadecimal digits in lower case, nor a sha384 or sha512 like it")]
    Digest,
}

impl<'a> Image<'a> {
    /// Takes an image name apart.
    ///
    /// # Errors
    ///
    /// The reason why the API server could not take it apart either.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        parse(text).map_err(|reason| Error { image: shown(text), reason })
    }

    /// The host it comes from, perhaps with a port: `docker.io` unless another is written. In lower case, and without the
    /// port 443.
    pub fn registry(self) -> Cow<'a, str> {
        registry::canonical(self.registry)
    }

    /// The registry, in an arena where it is not in the text.
    pub fn registry_in(self, arena: &'a Bump) -> &'a str {
        match self.registry() {
            Cow::Borrowed(registry) => registry,
            Cow::Owned(registry) => arena.alloc_str(&registry),
        }
    }

    /// The path within the registry: `library/redis` for `redis`.
    pub fn repository(self) -> Cow<'a, str> {
        if self.official { Cow::Owned(format!("{OFFICIAL}{}", self.path)) } else { Cow::Borrowed(self.path) }
    }

    /// The path within the registry, in an arena where it is not in the text.
    pub fn repository_in(self, arena: &'a Bump) -> &'a str {
        if self.official { bumpalo::format!(in arena, "{}{}", OFFICIAL, self.path).into_bump_str() } else { self.path }
    }

    /// The tag: `latest` if neither a tag nor a digest is written, empty with a digest alone.
    pub fn tag(self) -> &'a str {
        if self.suffix.is_empty() { LATEST } else { self.tag }
    }

    /// The digest with its algorithm, or an empty text.
    pub fn digest(self) -> &'a str {
        self.digest
    }

    /// What picks the image within its repository: the digest if there is one, else the tag.
    pub fn identifier(self) -> &'a str {
        if self.digest.is_empty() { self.tag() } else { self.digest }
    }

    /// What is written behind the name, `:1.25` or `@sha256:…` or both or nothing.
    pub fn suffix(self) -> &'a str {
        self.suffix
    }

    /// Registry and repository: `docker.io/library/redis`.
    pub fn name(self) -> String {
        format!("{}/{}", self.registry(), self.repository())
    }

    /// Everything in full, as [`fmt::Display`] writes it: `docker.io/library/redis:latest`. Globs are held against this.
    pub fn full_name(self) -> String {
        self.to_string()
    }

    /// Everything in full, in an arena.
    pub fn full_name_in(self, arena: &'a Bump) -> &'a str {
        bumpalo::format!(in arena, "{}", self).into_bump_str()
    }
}

/// `REGISTRY/REPOSITORY[:TAG][@DIGEST]`.
impl fmt::Display for Image<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let official = if self.official { OFFICIAL } else { "" };
        write!(f, "{}/{official}{}", self.registry(), self.path)?;
        if !self.tag().is_empty() {
            write!(f, ":{}", self.tag())?;
        }
        if !self.digest.is_empty() {
            write!(f, "@{}", self.digest)?;
        }
        Ok(())
    }
}

/// The `imagePullPolicy` that the API server writes where none is given.
pub fn pull_policy(image: &str) -> &'static str {
    match parse(image) {
        Ok(image) if image.tag() == LATEST => "Always",
        _ => "IfNotPresent",
    }
}

fn parse(text: &str) -> Result<Image<'_>, Reason> {
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    if text.len() == 64 && text.bytes().all(hexadecimal) {
        return Err(Reason::Identifier);
    }
    let (registry, rest) = match text.split_once('/') {
        Some((LEGACY_DOCKER_HUB, rest)) => (DOCKER_HUB, rest),
        Some((first, rest)) if names_registry(first) => (first, rest),
        _ => (DOCKER_HUB, text),
    };
    let path_end = rest.find([':', '@']).unwrap_or(rest.len());
    let (path, suffix) = rest.split_at(path_end);
    let (tag, digest) = match suffix.split_once('@') {
        Some((tag, digest)) => (tag, Some(digest)),
        None => (suffix, None),
    };
    let is_bare = !rest.contains('/');

    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Reason::Uppercase);
    }
    if !path.split('/').all(is_component) {
        return Err(Reason::Repository);
    }
    // Where the first component is no host (`a_b.c/x`) upstream takes the whole for a path, without any registry. A
    // runtime asks that host all the same, so it is the registry here.
    let hostless = !is_registry(registry);
    if hostless && !is_component(registry) {
        return Err(Reason::Registry);
    }
    let before = if registry == DOCKER_HUB && is_bare { OFFICIAL.len() } else { 0 }
        + if hostless { registry.len() + 1 } else { 0 };
    if before + path.len() > LONGEST_REPOSITORY {
        return Err(Reason::TooLong);
    }
    let tag = match tag.strip_prefix(':') {
        Some(tag) if is_tag(tag) => tag,
        Some(_) => return Err(Reason::Tag),
        None => "",
    };
    let digest = match digest {
        Some(digest) if is_digest(digest) => digest,
        Some(_) => return Err(Reason::Digest),
        None => "",
    };
    let official = is_bare && registry::canonical(registry) == DOCKER_HUB;
    Ok(Image { registry, official, path, tag, digest, suffix })
}

/// Whether the part before the first slash is meant as a registry, and not as an owner on Docker Hub.
fn names_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// The registry of a pattern in the spelling that images are compared in; [`None`] if it stands in that already, or is no
/// registry.
pub fn respelled(written: &str) -> Option<String> {
    let registry = registry::canonical(written);
    (names_registry(written) && is_registry(written) && registry != written).then(|| registry.into_owned())
}

/// An image written out in full, for globs over images. What does not parse is compared as it is written, so that no
/// pattern for all images misses it.
pub fn in_full(written: &str) -> Cow<'_, str> {
    Image::parse(written).map_or_else(|_| Cow::Borrowed(written), |image| Cow::Owned(image.full_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha256() -> String {
        format!("sha256:{}", "a0".repeat(32))
    }

    #[test]
    fn completes_a_name() {
        let sha256 = sha256();
        let sha512 = format!("sha512:{}", "0f".repeat(64));
        for (text, registry, repository, tag, digest) in [
            ("redis", "docker.io", "library/redis", "latest", ""),
            ("redis:7", "docker.io", "library/redis", "7", ""),
            ("redis:Latest", "docker.io", "library/redis", "Latest", ""),
            ("library/redis", "docker.io", "library/redis", "latest", ""),
            ("bitnami/redis", "docker.io", "bitnami/redis", "latest", ""),
            ("docker.io/redis", "docker.io", "library/redis", "latest", ""),
            ("docker.io/a/b/c:x", "docker.io", "a/b/c", "x", ""),
            ("index.docker.io/redis", "docker.io", "library/redis", "latest", ""),
            ("index.docker.io/library/redis", "docker.io", "library/redis", "latest", ""),
            ("Docker.io/redis", "docker.io", "library/redis", "latest", ""),
            ("docker.io", "docker.io", "library/docker.io", "latest", ""),
            ("localhost", "docker.io", "library/localhost", "latest", ""),
            ("localhost/x", "localhost", "x", "latest", ""),
            ("localhost:5000/x", "localhost:5000", "x", "latest", ""),
            ("reg:5000/a/b", "reg:5000", "a/b", "latest", ""),
            ("reg:5000", "docker.io", "library/reg", "5000", ""),
            ("reg/x", "docker.io", "reg/x", "latest", ""),
            ("Foo/bar", "foo:443", "bar", "latest", ""),
            ("QUAY.io/a/x:1", "quay.io", "a/x", "1", ""),
            ("quay.io:443/x", "quay.io", "x", "latest", ""),
            ("INDEX.docker.io/a/redis", "docker.io", "a/redis", "latest", ""),
            ("good.io.evil.com/x", "good.io.evil.com", "x", "latest", ""),
            ("1.2.3.4:80/x", "1.2.3.4:80", "x", "latest", ""),
            ("[::1]:5000/x", "[::1]:5000", "x", "latest", ""),
            ("[fe80::1]/x", "[fe80::1]", "x", "latest", ""),
            ("a_b.c/x", "a_b.c", "x", "latest", ""),
            ("a__b/c---d.e", "docker.io", "a__b/c---d.e", "latest", ""),
            ("x:_t", "docker.io", "library/x", "_t", ""),
            (&format!("x@{sha256}"), "docker.io", "library/x", "", &*sha256),
            (&format!("reg.io/x:1@{sha512}"), "reg.io", "x", "1", &*sha512),
        ] {
            let image = Image::parse(text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(
                (&*image.registry(), &*image.repository(), image.tag(), image.digest()),
                (registry, repository, tag, digest),
                "{text}"
            );
            let arena = Bump::new();
            assert_eq!((image.registry_in(&arena), image.repository_in(&arena)), (registry, repository), "{text}");
            assert_eq!(image.name(), format!("{registry}/{repository}"), "{text}");
            assert_eq!(image.identifier(), if digest.is_empty() { tag } else { digest }, "{text}");
            assert_eq!(Image::parse(&image.full_name()).map(Image::full_name), Ok(image.full_name()), "{text}");
        }
    }

    #[test]
    fn a_full_name_holds_everything() {
        let sha256 = sha256();
        for (text, full, suffix) in [
            ("redis", "docker.io/library/redis:latest", ""),
            ("reg:5000/a/b:1", "reg:5000/a/b:1", ":1"),
            (&format!("x@{sha256}"), &*format!("docker.io/library/x@{sha256}"), &*format!("@{sha256}")),
            (&format!("a/x:1@{sha256}"), &*format!("docker.io/a/x:1@{sha256}"), &*format!(":1@{sha256}")),
        ] {
            let image = Image::parse(text).unwrap();
            let arena = Bump::new();
            assert_eq!(image.full_name(), full);
            assert_eq!(image.full_name_in(&arena), full);
            assert_eq!(image.suffix(), suffix);
        }
    }

    #[test]
    fn refuses_what_is_no_name() {
        let hex = "a0".repeat(32);
        let long = |length: usize| "a".repeat(length);
        for (text, reason) in [
            ("", Reason::Empty),
            (&*hex, Reason::Identifier),
            (" nginx", Reason::Repository),
            ("nginx ", Reason::Repository),
            ("nginx\n", Reason::Repository),
            ("nginx\0", Reason::Repository),
            ("{{ .image }}", Reason::Repository),
            ("NGINX", Reason::Uppercase),
            ("library/Nginx", Reason::Uppercase),
            ("Foo/Bar", Reason::Uppercase),
            ("//x", Reason::Repository),
            ("/a", Reason::Repository),
            ("a/", Reason::Repository),
            ("a//b", Reason::Repository),
            ("docker.io/", Reason::Repository),
            ("good.io/../evil", Reason::Repository),
            ("good.io%2fevil", Reason::Repository),
            ("a___b", Reason::Repository),
            ("a-_b", Reason::Repository),
            ("a..b", Reason::Repository),
            ("a-", Reason::Repository),
            ("é/x", Reason::Repository),
            ("user@host/x", Reason::Digest),
            ("user@host.io/x", Reason::Registry),
            ("a..b/x", Reason::Registry),
            ("-a.b/x", Reason::Registry),
            ("a.b:/x", Reason::Registry),
            ("a.b:8x/x", Reason::Registry),
            ("::1/x", Reason::Registry),
            ("[fe80::1%25eth0]/x", Reason::Registry),
            ("[:/x", Reason::Registry),
            ("É.io/x", Reason::Registry),
            ("reg/x:", Reason::Tag),
            ("x:.t", Reason::Tag),
            ("x:-t", Reason::Tag),
            ("x:t:u", Reason::Tag),
            ("reg.io/c:t/u", Reason::Tag),
            (&*format!("x:{}", long(129)), Reason::Tag),
            ("x@", Reason::Digest),
            ("x:t@", Reason::Digest),
            ("x@sha256:short", Reason::Digest),
            (&*format!("x@sha256:{}", hex.to_uppercase()), Reason::Digest),
            (&*format!("x@SHA256:{hex}"), Reason::Digest),
            (&*format!("x@sha1:{}", "a0".repeat(20)), Reason::Digest),
            (&*format!("x@sha256:{hex}0"), Reason::Digest),
            (&*format!("x@sha256:{hex}@sha256:{hex}"), Reason::Digest),
            (&*long(248), Reason::TooLong),
            (&*format!("reg.io/{}", long(256)), Reason::TooLong),
            (&*long(5000), Reason::TooLong),
        ] {
            assert_eq!(Image::parse(text).map_err(|error| error.reason), Err(reason), "{text}");
        }
        for text in [
            long(247),
            format!("Docker.io/{}", long(255)),
            format!("reg.io/{}", long(255)),
            format!("x:{}", long(128)),
            format!("{hex}:1"),
        ] {
            assert!(Image::parse(&text).is_ok(), "{text}");
        }
        let error = Image::parse("a b\n").unwrap_err().to_string();
        assert!(error.starts_with("image `a b\\n` does not parse: the repository "), "{error}");
    }

    #[test]
    fn the_default_pull_policy_depends_on_the_tag_and_ignores_errors() {
        let sha256 = sha256();
        let hex = "a0".repeat(32);
        for (image, policy) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("reg:5000/a/b", "Always"),
            ("nginx:1.25", "IfNotPresent"),
            ("nginx:Latest", "IfNotPresent"),
            (&*format!("nginx@{sha256}"), "IfNotPresent"),
            (&*format!("nginx:latest@{sha256}"), "Always"),
            ("", "IfNotPresent"),
            (" nginx", "IfNotPresent"),
            ("library/Nginx", "IfNotPresent"),
            ("nginx:latest ", "IfNotPresent"),
            (&*hex, "IfNotPresent"),
            ("{{ .image }}", "IfNotPresent"),
            ("Foo/bar", "Always"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }
}
