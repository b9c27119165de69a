"""HTTP beside the pages: saving, running, uploads, files and live events. One guard stands before all of it."""
