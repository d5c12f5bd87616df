# before
gcloud sql instances patch my-db --tier db-custom-4-7680 \
  --database-version=POSTGRES_15 \
  --databa5 \
  --database-flags='^:^work_m.em=4096:search_path='  # end
