"""What `manage.py bench_messages` runs beside our own worker."""
