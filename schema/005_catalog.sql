-- What loist-bench itself notes of the library in the table: what it was made from, and whether it still is that.
CREATE TABLE catalog (
    one               boolean PRIMARY KEY DEFAULT true CHECK (one),
    seed              bigint  NOT NULL,
    tracks            bigint  NOT NULL,
    state             text    NOT NULL,
    generator_version integer NOT NULL,
    checksum          text    NOT NULL,
    modified          boolean NOT NULL,
    missing_indexes   text[]  NOT NULL,
    written_by        text[]  NOT NULL,
    shape             text    NOT NULL
);
