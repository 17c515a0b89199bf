//! The keys and certificates of one cluster, made anew each time.

use std::path::{Path, PathBuf};
use std::{fs, io};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

/// Files in the cluster's folder, PEM all of them.
pub struct Keys {
    pub authority: PathBuf,
    pub server: Pair,
    pub admin: Pair,
    pub tokens: TokenKeys,
}

/// The keys of service account tokens.
pub struct TokenKeys {
    pub private: PathBuf,
    pub public: PathBuf,
}

/// A certificate and its key.
pub struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Keys {
    pub fn make(folder: &Path) -> io::Result<Keys> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "the tests' authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = new_key()?;
        let authority = folder.join("authority.pem");
        fs::write(&authority, params.self_signed(&key).map_err(io::Error::other)?.pem())?;
        let issuer = Issuer::new(params, key);

        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let mut server = CertificateParams::new(names).map_err(io::Error::other)?;
        server.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let mut admin = CertificateParams::default();
        admin.distinguished_name.push(DnType::CommonName, "admin");
        admin.distinguished_name.push(DnType::OrganizationName, "system:masters");
        admin.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];

        let tokens = TokenKeys { private: folder.join("tokens-key.pem"), public: folder.join("tokens-public.pem") };
        let token_key = new_key()?;
        fs::write(&tokens.private, token_key.serialize_pem())?;
        fs::write(&tokens.public, token_key.public_key_pem())?;
        Ok(Keys {
            authority,
            server: Pair::make(folder, "server", &server, &issuer)?,
            admin: Pair::make(folder, "admin", &admin, &issuer)?,
            tokens,
        })
    }
}

impl Pair {
    fn make(folder: &Path, name: &str, params: &CertificateParams, issuer: &Issuer<'_, KeyPair>) -> io::Result<Pair> {
        let key = new_key()?;
        let signed = params.signed_by(&key, issuer).map_err(io::Error::other)?;
        let pair =
            Pair { certificate: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}-key.pem")) };
        fs::write(&pair.certificate, signed.pem())?;
        fs::write(&pair.key, key.serialize_pem())?;
        Ok(pair)
    }
}

fn new_key() -> io::Result<KeyPair> {
    KeyPair::generate().map_err(io::Error::other)
}
