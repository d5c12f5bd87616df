-- What full-text search looks into: title and artist weigh most, then album, then genre.
CREATE FUNCTION audio_tracks_fill_search_vector() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search_vector :=
        setweight(to_tsvector('english', coalesce(NEW.title, '')), 'A') ||
        setweight(to_tsvector('english', coalesce(NEW.artist, '')), 'A') ||
        setweight(to_tsvector('english', coalesce(NEW.album, '')), 'B') ||
        setweight(to_tsvector('english', coalesce(NEW.genre, '')), 'C');
    RETURN NEW;
END
$$;

CREATE TRIGGER audio_tracks_search_vector
    BEFORE INSERT OR UPDATE OF artist, title, album, genre ON audio_tracks
    FOR EACH ROW EXECUTE FUNCTION audio_tracks_fill_search_vector();

-- As updated_at is indexed, this keeps every update from being heap-only (HOT).
CREATE FUNCTION audio_tracks_touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

CREATE TRIGGER audio_tracks_updated_at
    BEFORE UPDATE ON audio_tracks
    FOR EACH ROW EXECUTE FUNCTION audio_tracks_touch_updated_at();
