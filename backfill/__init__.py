"""The move of a legacy application: recognise its tables, map, check and decode them; knows neither SQL nor Celery."""
