"""What several checks of files share, be they images, sounds or texts: how they are told, and the figures."""
