SET LOCAL work_mem TO '64kB';
ALTER ROLE app SET statement_timeout = '10s';
/* x */ SELECT set_config('a', 'b', false);
SET my.level = $q$a'b$q$;
