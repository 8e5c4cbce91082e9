"""Tests of the events that cross a border, and of what is generated from them."""
