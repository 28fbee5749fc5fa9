"""The staff's side: server-rendered pages for line, marketing and fraud people."""
