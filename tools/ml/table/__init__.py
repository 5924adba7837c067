"""Models of anybody's table: a file becomes columns, columns become a matrix, and a model says of each row what it thinks.

reading   a CSV or Parquet file as named columns, whole or in batches
kinds     what each column is: number, flag, date, category, or of no use
outcomes  what is to be told: yes or no, an amount, days until it closed
columns   the matrix, learnt once and then the same for every file
leaks     columns that look decided after the outcome
training  all of it, up to a model's folder
scoring   a file of any size against a model's folder
"""
