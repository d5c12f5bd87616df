# before
gcloud sql instances patch my-db --tier db-custom-2-7680 \
  --database-version=POSTGRES_15 \
  --database-flags='^:^work_mem=4096:search_path=a,b:my.level=1'  # end
