"""Everything that restores ask of AWS: points to choose from, what is there already, the steps, what they made, and its clean-up.

Nothing here knows where AWS is: every call works on AWS and on whatever answers like it. AWS's clock is the only one.
"""
