"""A fixed story, told to a running service: what each page, mail and text then says."""
