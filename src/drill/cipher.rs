//! Files that are encrypted as they are written, by age or gpg, and opened again. Keys and passphrases are theirs alone.

use super::{
    context::Context,
    error::DrillError,
    options::{Cipher, Encryption},
    tool,
};
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::Command,
};

/// Bytes of an identity's file that tell whether it has a passphrase.
const TELLING_BYTES: u64 = 256;
/// How an identity begins that age itself, or PEM, has locked by a passphrase.
const LOCKED: [&str; 4] = [
    "age-encryption.org",
    "BEGIN AGE ENCRYPTED FILE",
    "BEGIN ENCRYPTED PRIVATE KEY",
    "Proc-Type: 4,ENCRYPTED",
];
/// How a key of OpenSSH's begins, and how it goes on without a passphrase: `none` is the cipher that it names.
const OPENSSH: (&str, &str) = ("-----BEGIN OPENSSH PRIVATE KEY-----", "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU");

/// Whether what is asked can be done: the programs are there, and what was encrypted can be opened again.
///
/// # Errors
/// When it cannot.
pub(super) fn check(encryption: Option<&Encryption>, identity: Option<&Path>) -> Result<(), DrillError> {
    if let Some(identity) = identity {
        check_identity(identity)?;
    }
    let Some(encryption) = encryption else { return Ok(()) };
    if encryption.cipher() == Cipher::Age && identity.is_none() {
        return Err(DrillError::Usage(
            "--encrypt age: needs --identity, too: a drill opens again what it encrypted".to_owned(),
        ));
    }
    if let Encryption::AgeFile(path) = encryption
        && !path.is_file()
    {
        return Err(DrillError::Usage(format!(
            "--encrypt age:{}: there is no such file, and a recipient begins with age1 or ssh-",
            path.display()
        )));
    }
    tool::check_cipher(encryption.cipher())
}

fn check_identity(path: &Path) -> Result<(), DrillError> {
    let mut beginning = Vec::new();
    let file =
        std::fs::File::open(path).and_then(|file| file.take(TELLING_BYTES).read_to_end(&mut beginning));
    file.map_err(|error| {
        DrillError::Usage(format!("--identity {}: cannot be read: {error}", path.display()))
    })?;
    if is_locked(&String::from_utf8_lossy(&beginning)) {
        return Err(DrillError::Usage(format!(
            "--identity {}: it has a passphrase, which loist-bench does not ask for: name one without",
            path.display()
        )));
    }
    Ok(())
}

/// Whether an identity that begins so has a passphrase: age would ask for it on a terminal that it does not have.
fn is_locked(beginning: &str) -> bool {
    let (openssh, unlocked) = OPENSSH;
    let is_locked_key =
        beginning.split_once(openssh).is_some_and(|(_, key)| !key.trim_start().starts_with(unlocked));
    is_locked_key || LOCKED.iter().any(|words| beginning.contains(words))
}

/// Whether a backup that was found can be opened.
///
/// # Errors
/// When the program is missing, or there is no key for it.
pub(super) fn check_opening(cipher: Option<Cipher>, identity: Option<&Path>) -> Result<(), DrillError> {
    cipher.map_or(Ok(()), |cipher| open(cipher, identity).map(drop))
}

/// The program that encrypts what it reads.
///
/// # Errors
/// When it is not there.
pub(super) fn seal(encryption: &Encryption) -> Result<Command, DrillError> {
    let mut command = tool::machine_program(encryption.cipher().name())?;
    match encryption {
        Encryption::AgeRecipient(whom) => command.args(["--encrypt", "--recipient", whom]),
        Encryption::AgeFile(path) => command.args(["--encrypt", "--recipients-file"]).arg(path),
        Encryption::Gpg(whom) => {
            command.args(["--batch", "--quiet", "--no-tty", "-z", "0", "--encrypt", "--recipient", whom])
        }
    };
    Ok(command)
}

/// The program that opens what it reads.
///
/// # Errors
/// When it is not there, or there is no key for it.
pub(super) fn open(cipher: Cipher, identity: Option<&Path>) -> Result<Command, DrillError> {
    let mut command = tool::machine_program(cipher.name())?;
    match (cipher, identity) {
        (Cipher::Age, None) => {
            return Err(DrillError::Usage(
                "the backup is encrypted by age: name the identity that opens it by --identity".to_owned(),
            ));
        }
        (Cipher::Age, Some(identity)) => command.args(["--decrypt", "--identity"]).arg(identity),
        (Cipher::Gpg, _) => {
            // What the agent does not know is not asked for.
            command.args(["--batch", "--quiet", "--no-tty", "--pinentry-mode", "error", "--decrypt"])
        }
    };
    Ok(command)
}

/// Where a file lies once it is encrypted, or as it is.
pub(super) fn named(path: &Path, cipher: Option<Cipher>) -> PathBuf {
    match cipher {
        None => path.to_owned(),
        Some(cipher) => {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".{}", cipher.name()));
            PathBuf::from(name)
        }
    }
}

/// Packs a directory with tar into a file that is encrypted.
///
/// # Errors
/// When one of the programs fails.
pub(super) fn pack(
    context: &Context<'_>,
    directory: &Path,
    encryption: &Encryption,
    file: &Path,
) -> Result<(), DrillError> {
    let mut tar = tool::machine_program("tar")?;
    tar.args(["--create", "--file=-", "--directory"]).arg(directory).arg(".");
    tool::run(context, vec![tar, seal(encryption)?], Some(file)).and_then(tool::all_well).map(drop)
}

/// Opens an encrypted file and unpacks it into a directory that is there.
///
/// # Errors
/// When one of the programs fails.
pub(super) fn unpack(
    context: &Context<'_>,
    file: &Path,
    cipher: Cipher,
    directory: &Path,
) -> Result<(), DrillError> {
    let mut tar = tool::machine_program("tar")?;
    tar.args(["--extract", "--file=-", "--no-same-owner", "--directory"]).arg(directory);
    let mut open = open(cipher, context.options.identity.as_deref())?;
    open.arg(file);
    tool::run(context, vec![open, tar], None).and_then(tool::all_well).map(drop)
}

/// Opens an encrypted file into another.
///
/// # Errors
/// When the program fails.
pub(super) fn open_file(
    context: &Context<'_>,
    file: &Path,
    cipher: Cipher,
    plain: &Path,
) -> Result<(), DrillError> {
    let mut open = open(cipher, context.options.identity.as_deref())?;
    open.arg(file);
    tool::run(context, vec![open], Some(plain)).and_then(tool::all_well).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_has_to_open_what_it_encrypts() {
        let age = Encryption::AgeRecipient("age1x".to_owned());
        let told = check(Some(&age), None).unwrap_err().to_string();
        assert!(told.contains("needs --identity"), "{told}");
        let directory = tempfile::tempdir().unwrap();
        let identity = directory.path().join("key");
        std::fs::write(&identity, "age-encryption.org/v1\n-> scrypt").unwrap();
        let told = check(Some(&age), Some(&identity)).unwrap_err().to_string();
        assert!(told.contains("it has a passphrase"), "{told}");
        for key in [
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAG",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
        ] {
            std::fs::write(&identity, key).unwrap();
            assert!(check(None, Some(&identity)).unwrap_err().to_string().contains("it has a passphrase"));
        }
        let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n";
        std::fs::write(&identity, key).unwrap();
        assert!(check(None, Some(&identity)).is_ok());
        let missing = Encryption::AgeFile("no-such-file".into());
        std::fs::write(&identity, "# public key: age1x\n").unwrap();
        let told = check(Some(&missing), Some(&identity)).unwrap_err().to_string();
        assert!(told.contains("there is no such file"), "{told}");
        assert!(check(None, None).is_ok());
    }

    #[test]
    fn encrypted_files_say_so_by_their_ending() {
        assert_eq!(named(Path::new("a/base.tar"), Some(Cipher::Gpg)), Path::new("a/base.tar.gpg"));
        assert_eq!(named(Path::new("a/x.dump"), None), Path::new("a/x.dump"));
    }
}
