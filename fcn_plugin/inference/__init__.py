"""Restoring images with trained weights: `fcn_plugin.Deblurrer` and what it is made of.

Nothing is imported here, so that the command line answers ``--help`` at once.
"""
