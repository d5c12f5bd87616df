database_flags {
 name = "a.b\nfsync"
 value = "off"
}
database_flags {
 name = "a.b"
 value = ",:;|~%@!fsync=off"
}
