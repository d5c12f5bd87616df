-- Nine indexes beside the key, with their names in production.
CREATE INDEX idx_audio_tracks_status ON audio_tracks (status) WHERE status <> 'COMPLETED';
CREATE INDEX idx_audio_tracks_created_at ON audio_tracks (created_at DESC);
CREATE INDEX idx_audio_tracks_updated_at ON audio_tracks (updated_at DESC);
CREATE INDEX idx_audio_tracks_search_vector ON audio_tracks USING gin (search_vector);
CREATE INDEX idx_audio_tracks_artist ON audio_tracks USING gin (artist gin_trgm_ops);
CREATE INDEX idx_audio_tracks_title ON audio_tracks USING gin (title gin_trgm_ops);
CREATE INDEX idx_audio_tracks_album ON audio_tracks USING gin (album gin_trgm_ops);
CREATE INDEX idx_audio_tracks_artist_album ON audio_tracks (artist, album)
    WHERE artist IS NOT NULL AND album IS NOT NULL;
CREATE INDEX idx_audio_tracks_failed ON audio_tracks (last_processed_at) WHERE status = 'FAILED';
