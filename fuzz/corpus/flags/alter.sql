ALTER SYSTEM SET work_mem = '4MB';
alter system set search_path to "$user", public;
ALTER SYSTEM RESET jit;
