resource "google_sql_database_instance" "db" {
  database_version = "POSTGRES_15"
  settings {
    tier = "db-custom-1-3840"
    database_flags {
      name  = "work_mem"
      value = "4096" // kB
    }
    database_flags { name = "log_line_prefix" value = "%m $${x} \" " }
  }
}
