"""The Streamlit pages: gallery, build and runs."""
