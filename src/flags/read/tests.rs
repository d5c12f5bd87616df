//! Each form is read, and what is wrong in it has its line.

use super::super::owned;
use super::*;
use proptest::prelude::*;

fn pairs(text: &str, form: Option<Form>) -> Vec<(String, String)> {
    read(text, form).unwrap().pairs()
}

#[test]
fn a_gcloud_command_line() {
    let text = "# before\ngcloud sql instances patch my-db --tier db-custom-2-7680 \\\n  \
                --database-version=POSTGRES_16 \\\n  --database-flags='^:^a=1,2:work_mem=4096:b='  # end\n";
    let document = read(text, None).unwrap();
    assert_eq!(document.pairs(), owned(&[("a", "1,2"), ("work_mem", "4096"), ("b", "")]));
    assert_eq!(document.settings[1].line, 4);
    assert_eq!(document.instance.as_deref(), Some("my-db"));
    assert_eq!(document.machine, Some(Place { what: "db-custom-2-7680".into(), line: 2 }));
    assert_eq!(document.version, Some(16));
    assert_eq!(pairs("--database-flags a=1,b=2", None), owned(&[("a", "1"), ("b", "2")]));
    assert_eq!(pairs("\"a=1,b=2\"\n", None), owned(&[("a", "1"), ("b", "2")]));
}

#[test]
fn terraform_with_other_things_around() {
    let text = r#"
# database_flags { name = "x" value = "1" }
resource "google_sql_database_instance" "db" {
  database_version = "POSTGRES_15"
  /*/ a
     comment */
  labels = { tier_of = "x" }
  settings {
    tier = "db-custom-1-3840"
    database_flags {
      name  = "work_mem"
      value = "4096" // kB
    }
    database_flags { 
      value = 1.1
      name = "random_page_cost"
    }
    database_flags {
      name  = "jit"
      value = var.jit ? "on" : "off"
    }
  }
  user_data = <<-EOT
    database_flags { name = "y" }
  EOT
}
"#;
    let document = read(text, None).unwrap();
    assert_eq!(document.form, Form::Terraform);
    assert_eq!(document.pairs(), owned(&[("work_mem", "4096"), ("random_page_cost", "1.1")]));
    assert_eq!(document.settings[0].line, 10);
    assert_eq!(document.machine.unwrap().what, "db-custom-1-3840");
    assert_eq!(document.version, Some(15));
    assert_eq!((document.remarks.len(), document.remarks[0].line), (1, 18));
    let list = "database_flags = [{ name = \"a\", value = \"on\" }, { name = \"b\", value = 2 }]";
    assert_eq!(pairs(list, None), owned(&[("a", "on"), ("b", "2")]));
}

/// The tier and the version are those of the instance that holds the flags; nothing is passed over in silence.
#[test]
fn terraform_with_several_resources() {
    let flags = "database_flags {\n name = \"jit\"\n value = \"off\"\n }";
    let text = format!(
        "resource \"google_sql_database_instance\" \"other\" {{\n database_version = \"MYSQL_8_0\"\n settings {{\n \
         tier = \"db-n1-standard-1\"\n }}\n}}\n\
         resource \"google_sql_database_instance\" \"own\" {{\n database_version = \"POSTGRES_16\"\n settings {{\n \
         tier = \"db-custom-2-7680\"\n {flags}\n dynamic \"database_flags\" {{\n for_each = var.flags\n content \
         {{\n name = database_flags.key\n value = database_flags.value\n }}\n }}\n }}\n}}\n\
         resource \"google_redis_instance\" \"cache\" {{\n tier = \"BASIC\"\n}}\n"
    );
    let document = read(&text, None).unwrap();
    assert_eq!(document.pairs(), owned(&[("jit", "off")]));
    assert_eq!(document.machine.unwrap().what, "db-custom-2-7680");
    assert_eq!(document.version, Some(16));
    assert_eq!((document.remarks.len(), document.remarks[0].line), (1, 15));
    assert!(document.remarks[0].why.contains("made elsewhere"));
    let snippet = read(&format!("tier = \"db-f1-micro\"\n{flags}"), None).unwrap();
    assert_eq!(snippet.machine.unwrap().what, "db-f1-micro");
    let of_mysql = format!("resource \"a\" \"b\" {{\n database_version = \"MYSQL_8_0\"\n {flags}\n}}");
    let error = read(&of_mysql, None).unwrap_err().to_string();
    assert_eq!(error, "line 2: instance b is MYSQL_8_0: loist-bench is for PostgreSQL");
}

/// A megabyte of it is read at once, in whatever form.
#[test]
fn reading_takes_time_by_the_length() {
    let began = std::time::Instant::now();
    let block = "database_flags {\n  name  = \"work_mem\"\n  value = \"4096\"\n}\n";
    assert_eq!(read(&block.repeat(20_000), None).unwrap().settings.len(), 20_000);
    let list = format!("--database-flags={}\n", "a=1,\\\n".repeat(20_000));
    assert_eq!(read(&list, None).unwrap().settings.len(), 20_000);
    let unknown: String = (0..20_000).map(|number| format!("unknown_name_{number} = 1\n")).collect();
    let document = read(&unknown, None).unwrap();
    let findings = crate::flags::check::check(&document, &crate::flags::check::Context::default());
    assert_eq!(findings.len(), 20_000);
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

#[test]
fn several_gcloud_commands() {
    let text = "gcloud sql instances create a --tier=db-f1-micro; gcloud sql instances patch b --cpu=1 \\\n  \
                --memory 3840MiB --database-flags=jit=off,work_mem=$MEM; echo done";
    let document = read(text, None).unwrap();
    assert_eq!(document.pairs(), owned(&[("jit", "off")]), "the command ends there");
    assert_eq!(document.instance.as_deref(), Some("b"));
    assert_eq!(document.machine, Some(Place { what: "db-custom-1-3840".into(), line: 1 }));
    assert_eq!((document.remarks[0].found.as_str(), document.remarks[0].line), ("work_mem=$MEM", 2));
    let machine = |text: &str| read(text, None).unwrap().machine.unwrap().what;
    assert_eq!(machine("gcloud x --database-flags=a=1 --cpu 2 --memory=8GB"), "db-custom-2-8192");
    let clear = read("gcloud sql instances patch a --clear-database-flags", None).unwrap();
    assert_eq!((clear.settings.len(), clear.remarks[0].why.as_str()), (0, "it clears all flags"));
    let variable = read("gcloud sql instances patch $NAME --database-flags=jit=off", None).unwrap();
    assert_eq!((variable.instance, variable.remarks.len()), (None, 1));
    for (text, part) in [
        (
            "gcloud sql instances patch a --database-flags=a=1\ngcloud sql instances patch b --database-flags=a=2",
            "line 2: here begins a command for a second instance",
        ),
        (
            "gcloud sql instances create m --database-version=SQLSERVER_2019_WEB --database-flags=a=1",
            "instance m is SQLSERVER_2019_WEB: loist-bench is for PostgreSQL",
        ),
        ("--database-flags=a=1,my-secret-word", "what stands between two commas has no `=`"),
    ] {
        let error = read(text, None).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn scripts_of_sql() {
    let text = "-- SET x = 1;\n\\c db\nALTER SYSTEM SET work_mem TO '4MB';\nalter system set jit = off;\n\
                ALTER SYSTEM SET search_path = '$user', public;\n/* ; */ ALTER SYSTEM SET geqo = on;\n\
                ALTER SYSTEM RESET geqo;\nALTER SYSTEM SET log_temp_files = -1;\nSELECT pg_reload_conf();";
    let document = read(text, None).unwrap();
    let wanted =
        [("work_mem", "4MB"), ("jit", "off"), ("search_path", "\"$user\", public"), ("log_temp_files", "-1")];
    assert_eq!(document.pairs(), owned(&wanted));
    assert_eq!(document.settings[1].line, 4);
    let text = "BEGIN; SET LOCAL work_mem = '4MB'; SET ROLE app; SET jit TO DEFAULT; \
                ALTER ROLE app IN DATABASE m SET geqo = off; ALTER TABLE t SET (fillfactor = 70);";
    assert_eq!(pairs(text, Some(Form::Set)), owned(&[("work_mem", "4MB"), ("geqo", "off")]));
    let commented = "/*/ one */ SET /* one /* in */ another */ work_mem = '4MB'; /***/ SET jit = off /**/;";
    assert_eq!(pairs(commented, Some(Form::Set)), owned(&[("work_mem", "4MB"), ("jit", "off")]));
    let unquoted = read("ALTER SYSTEM SET work_mem = 4MB", None).unwrap();
    assert!(unquoted.remarks[0].why.contains("work_mem = '4MB'"), "{:?}", unquoted.remarks);
    assert_eq!(unquoted.pairs(), owned(&[("work_mem", "4MB")]));
}

/// One script may change the server, roles, databases and its own session; each counts for itself.
#[test]
fn scripts_that_mix_their_statements() {
    let text = "ALTER SYSTEM SET work_mem = '4MB';\nSET jit = off;\nALTER ROLE app SET work_mem = '16MB';\n\
                ALTER DATABASE music SET geqo = E'o\\146f';\nRESET work_mem;\nALTER ROLE app IN DATABASE m RESET ALL;\n\
                ALTER SYSTEM SET log_line_prefix = $a$it's $$ %m$a$;\nSELECT set_config('jit', 'on', false);";
    for form in [None, Some(Form::Set), Some(Form::AlterSystem)] {
        let document = read(text, form).unwrap();
        let read: Vec<(&str, &str, Option<&str>)> = document
            .settings
            .iter()
            .map(|written| (written.name.as_str(), written.value.as_str(), written.scope.as_deref()))
            .collect();
        let wanted = [
            ("work_mem", "4MB", None),
            ("jit", "off", Some("session")),
            ("work_mem", "16MB", Some("role app")),
            ("geqo", "o146f", Some("database music")),
            ("log_line_prefix", "it's $$ %m", None),
        ];
        assert_eq!(read, wanted);
        assert_eq!((document.remarks.len(), document.remarks[0].line), (1, 8));
    }
}

#[test]
fn a_postgresql_conf() {
    let text = "# comment\nwork_mem = 4MB\t# each\nsearch_path '\"$user\", it''s'\nlog_line_prefix='%m\\t#'\n\
                include_dir 'conf.d'\nmax_wal_size = 1.5GB\nshared_buffers = 64 kB\nrandom_page_cost = 1.1\n";
    let document = read(text, None).unwrap();
    let wanted = [
        ("work_mem", "4MB"),
        ("search_path", "\"$user\", it's"),
        ("log_line_prefix", "%m\t#"),
        ("max_wal_size", "1.5GB"),
        ("shared_buffers", "64 kB"),
        ("random_page_cost", "1.1"),
    ];
    assert_eq!(document.pairs(), owned(&wanted));
    let remarks: Vec<(usize, bool)> = document.remarks.iter().map(|r| (r.line, r.is_error)).collect();
    assert_eq!(remarks, [(5, false), (6, true), (7, true)]);
}

#[test]
fn what_gcloud_says_of_an_instance() {
    let text = "{\n \"name\": \"music\",\n \"databaseVersion\": \"POSTGRES_15\",\n \"settings\": {\n  \
                \"tier\": \"db-custom-1-3840\",\n  \"databaseFlags\": [\n   {\"name\": \"work_mem\", \"value\": \
                \"4096\"}\n  ]\n }\n}";
    for text in [text.to_owned(), format!("[{text}]")] {
        let document = read(&text, None).unwrap();
        assert_eq!(document.pairs(), owned(&[("work_mem", "4096")]));
        assert_eq!(document.settings[0].line, 7);
        assert_eq!((document.version, document.instance.as_deref()), (Some(15), Some("music")));
        assert_eq!(document.machine.unwrap(), Place { what: "db-custom-1-3840".into(), line: 5 });
    }
}

#[test]
fn descriptions_of_other_shapes() {
    let read = |flags: &str, version: &str| {
        let text = format!(
            "{{\"name\": \"m\", \"databaseVersion\": \"{version}\", \"settings\": {{\"databaseFlags\": {flags}}}}}"
        );
        read(&text, None)
    };
    assert!(read("null", "POSTGRES_15").unwrap().settings.is_empty());
    let flags = "[{\"name\": \"work_mem\", \"value\": 4096}, {\"name\": \"jit\", \"value\": false}]";
    assert_eq!(read(flags, "POSTGRES_15").unwrap().pairs(), owned(&[("work_mem", "4096"), ("jit", "false")]));
    let error = read("null", "MYSQL_8_0").unwrap_err().to_string();
    assert_eq!(error, "line 1: instance m is MYSQL_8_0: loist-bench is for PostgreSQL");
    let yaml = "databaseVersion: POSTGRES_15\nsettings:\n  databaseFlags:\n  - name: jit\n    value: 'off'\n";
    assert!(super::read(yaml, None).unwrap_err().to_string().contains("add --format=json"));
}

#[test]
fn bad_text_is_refused_with_its_line() {
    for (text, form, part) in [
        ("", None, "it sets no flag: read as postgresql.conf"),
        ("gcloud sql instances list", None, "it sets no flag: read as a gcloud"),
        ("gcloud x \\\n --database-flags=", None, "line 2: --database-flags has no value"),
        ("gcloud x --database-flags=a=1,2", None, "line 1: `2` has no `=`"),
        ("--database-flags='a=1", None, "a quote is not closed"),
        ("work_mem = 4MB\n\n= 5", None, "line 3: `=` begins no setting"),
        ("work_mem =", None, "line 1: there is no value"),
        ("work_mem = 'x", None, "line 1: a quote is not closed"),
        ("ALTER SYSTEM\nSET a = 'x", None, "line 2: a quote is not closed"),
        ("ALTER SYSTEM SET a = 1 /* x", None, "a comment is not closed"),
        ("ALTER SYSTEM SET a = 1 /* /* x */", None, "a comment is not closed"),
        ("database_flags {\n name = \"a\"\n}", None, "line 1: a block of database_flags has a name and"),
        ("\ndatabase_flags {\n name = \"a\"\n value = \"1\"", None, "line 2: this block is not closed"),
        ("database_flags = [{ name = \"a\", value = \"b\" }", None, "line 1: this list is not closed"),
        ("{ \"settings\": \n", None, "line 2: this is not JSON"),
        ("{}", None, "this is not what `gcloud"),
        ("[{\"settings\":{}},{\"settings\":{}}]", None, "2 instances: describe one"),
        ("{\"format\": \"loist-bench/record\"}", None, "this is not a loist-bench record"),
        ("work_mem = 4MB", Some(Form::Terraform), "it sets no flag: read as Terraform"),
    ] {
        let error = read(text, form).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
    let two = "resource \"a\" \"b\" {\n database_flags {\n name=\"a\"\n value=\"1\"\n}\n}\n\
               resource \"a\" \"c\" {\n database_flags {\n name=\"a\"\n value=\"2\"\n}\n}";
    assert!(read(two, None).unwrap_err().to_string().contains("line 7: here begins a second instance"));
}

proptest! {
    /// Whatever it is given, a reader answers.
    #[test]
    fn no_text_breaks_a_reader(text in "[-a-c'\"\\\\{}\\[\\]=,;:#<>/* \n1^äA$]{0,60}", form in 0..8_usize) {
        let forms = [Form::Gcloud, Form::Terraform, Form::AlterSystem, Form::Conf, Form::Set, Form::Describe,
            Form::Record];
        let starts = ["", "database_flags {", "ALTER SYSTEM SET ", "--database-flags=", "a = ", "<<"];
        for start in starts {
            let _ = read(&format!("{start}{text}"), forms.get(form).copied());
        }
    }
}
