"""Step 4: where does learning fail?"""
