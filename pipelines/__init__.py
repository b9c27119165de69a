"""The document, its graph, validation, plan, executor, worker, templates and the command line."""
